"""A marked test, from the outside."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

SHOP = """\
import psycopg


def orders_of(dsn, customer):
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            'SELECT id, total FROM "order" WHERE customer_id = %s', (customer,)
        ).fetchall()


def order(dsn, number):
    with psycopg.connect(dsn) as connection:
        return connection.execute('SELECT total FROM "order" WHERE id = %s', (number,)).fetchone()
"""

TEST = """\
import pytest
import shop


@pytest.fixture
def rows(parity_db):
    parity_db.owner.execute("INSERT INTO customer VALUES (1, 'Ada', 'c1')")
    parity_db.owner.execute('''INSERT INTO "order" (id, customer_id, state, total) VALUES (7, 1, 'open', 5)''')


@pytest.mark.prodparity
def test_orders_of(parity_db, rows):
    assert shop.orders_of(parity_db.dsn, 1) == [(7, 5)]


@pytest.mark.prodparity
def test_order(parity_db, rows):
    assert shop.order(parity_db.dsn, 7) == (5,)
"""

MODULE_ENGINE = """\
import os
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"])


def add(number):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO customer VALUES (:n, 'x', 'c1')"), {"n": number})


def count():
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM customer WHERE id = 5")).scalar()


def orders_of(customer):
    with engine.connect() as connection:
        return connection.execute(text('SELECT id FROM "order" WHERE customer_id = :n'), {"n": customer}).all()
"""

NO_FAULTS = "[tool.prodparity.levels.staging]\nfaults = 0\n"
ENVIRONMENT = '[tool.prodparity.env]\nDATABASE_URL = "{db.url}"\n'


def test_a_missing_index_fails_the_test_with_its_line_and_a_proven_remedy(project: Make) -> None:
    result = project({"shop.py": SHOP, "test_shop.py": TEST}).run("--parity-level=staging")
    assert result.findings == [("seq-scan", "shop.py:6")]
    assert result.outcomes == {"failed": 1, "passed": 1}
    assert result.report is not None
    found = result.report["findings"][0]
    assert found["title"] == "reads 200,000 rows to return 10"
    assert found["remedy"]["sql"] == 'CREATE INDEX CONCURRENTLY ON "order" (customer_id);'
    assert "10 rows read" in found["remedy"]["proof"]
    assert found["replay"] == "pytest test_shop.py::test_orders_of --parity-level=staging"
    assert "production parity: staging" in result.out
    assert "Traceback" not in result.out


def test_without_a_marker_nothing_is_judged(project: Make) -> None:
    result = project({"shop.py": SHOP, "test_shop.py": TEST.replace("@pytest.mark.prodparity", "")}).run()
    assert result.outcomes == {"passed": 2}
    assert result.report is None
    assert "production parity" not in result.out


def test_an_application_with_an_engine_of_its_own_is_judged_unchanged(project: Make) -> None:
    tests = """\
import pytest, app
pytestmark = pytest.mark.prodparity

def test_one():
    app.add(5)
    assert app.count() == 1

def test_two():
    assert app.count() == 0
    app.add(5)
    assert app.count() == 1

def test_three():
    assert app.orders_of(5) == []
"""
    made = project({"app.py": MODULE_ENGINE, "test_app.py": tests, "pyproject.toml": ENVIRONMENT + NO_FAULTS})
    result = made.run("--parity-level=staging")
    assert result.findings == [("seq-scan", "app.py:19")]
    assert result.outcomes == {"failed": 1, "passed": 2}, result.out


def test_a_conftest_that_imports_the_application_finds_its_url(project: Make) -> None:
    made = project(
        {
            "app.py": MODULE_ENGINE,
            "conftest.py": "import app\n",
            "test_app.py": "import pytest, app\n@pytest.mark.prodparity\ndef test_one():\n    assert app.count() == 0\n",
            "pyproject.toml": ENVIRONMENT,
        }
    )
    result = made.run()
    assert result.outcomes == {"passed": 1}, result.out


def test_what_wider_fixtures_wrote_is_the_baseline_of_each_test(project: Make) -> None:
    tests = """\
import pytest, app

@pytest.fixture(scope="module", autouse=True)
def seeded():
    app.add(5)

@pytest.mark.prodparity
@pytest.mark.parametrize("number", [6, 7])
def test_it(number):
    assert app.count() == 1
    app.add(8)
"""
    made = project({"app.py": MODULE_ENGINE, "test_app.py": tests, "pyproject.toml": ENVIRONMENT})
    assert made.run().outcomes == {"passed": 2}


def test_a_failure_of_the_test_itself_keeps_its_traceback_and_its_findings(project: Make) -> None:
    tests = TEST.replace("[(7, 5)]", "[]")
    result = project({"shop.py": SHOP, "test_shop.py": tests}).run()
    assert "AssertionError" in result.out or "assert [(7" in result.out
    assert result.findings == [("seq-scan", "shop.py:6")]


def test_an_allowed_finding_fails_nothing_and_is_counted(project: Make) -> None:
    tests = TEST.replace("@pytest.mark.prodparity", '@pytest.mark.prodparity(allow=["seq-scan:order"])')
    result = project({"shop.py": SHOP, "test_shop.py": tests}).run("-v")
    assert result.outcomes == {"passed": 2}
    assert result.findings == []
    assert "1 allowed" in result.out


def test_wrong_markers_are_all_reported_before_anything_runs(project: Make) -> None:
    tests = """\
import pytest

@pytest.mark.prodparity(levl="dev")
def test_one(): pass

@pytest.mark.prodparity(allow=["seqscan"])
def test_two(): pass
"""
    result = project({"test_wrong.py": tests}).run()
    assert result.status == 4
    assert "test_wrong.py::test_one: prodparity has no argument 'levl' (did you mean 'level'?)." in result.out
    assert (
        "test_wrong.py::test_two: allow='seqscan': rule 'seqscan' does not exist (did you mean 'seq-scan'?)."
        in result.out
    )
    assert "Traceback" not in result.out
    assert "INTERNALERROR" not in result.out


def test_rows_of_an_unknown_table_are_refused(project: Make) -> None:
    tests = 'import pytest\n@pytest.mark.prodparity(rows={"ordr": 5})\ndef test_one(): pass\n'
    result = project({"test_wrong.py": tests}).run()
    assert result.status == 4
    assert "production has no table 'ordr' (did you mean 'order'?)" in result.out


def test_a_wrong_level_is_a_usage_error(project: Make) -> None:
    result = project({"shop.py": SHOP, "test_shop.py": TEST}).run("--parity-level=stagin")
    assert result.status == 4
    assert "level 'stagin' does not exist (did you mean 'staging'?)" in result.out
    assert "Traceback" not in result.out


def test_a_test_above_this_runs_level_is_skipped_with_the_reason(project: Make) -> None:
    tests = TEST.replace("@pytest.mark.prodparity", '@pytest.mark.prodparity(level="staging")')
    result = project({"shop.py": SHOP, "test_shop.py": tests}).run("-rs")
    assert result.outcomes == {"skipped": 2}
    assert "needs --parity-level=staging; this run has dev" in result.out


def test_at_level_off_the_database_is_real_and_nothing_is_judged(project: Make) -> None:
    result = project({"shop.py": SHOP, "test_shop.py": TEST}).run("--parity-level=off")
    assert result.outcomes == {"passed": 2}
    assert result.findings == []


def test_files_can_be_marked_from_the_settings(project: Make) -> None:
    made = project(
        {
            "shop.py": SHOP,
            "tests/db/test_shop.py": TEST.replace("@pytest.mark.prodparity", ""),
            "pyproject.toml": '[tool.prodparity]\nmark = ["tests/db/**"]\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
        }
    )
    assert made.run().findings == [("seq-scan", "shop.py:6")]


def test_without_a_profile_what_needs_no_plan_is_judged_and_the_rest_is_said(project: Make) -> None:
    tests = """\
import pytest
from pytest_prodparity import Budget

@pytest.mark.prodparity(queries=Budget(statements=1))
def test_one(parity_db):
    with parity_db.connect() as connection:
        connection.execute("CREATE TABLE x (id int)")
        connection.execute("SELECT * FROM x")
        connection.execute("SELECT id FROM x")
"""
    made = project({"test_one.py": tests, "pyproject.toml": '[tool.prodparity]\nprofile = "parity"\n'})
    for file in (made.folder / "parity").iterdir():
        file.unlink()
    (made.folder / "parity").rmdir()
    result = made.run()
    assert [rule for rule, _ in result.findings] == ["over-budget"]
    assert "prodparity capture URL" in result.out
    assert result.report is not None
    assert result.report["summary"]["cannot_tell"] > 0


def test_the_results_of_all_workers_are_one_report(project: Make) -> None:
    made = project({"shop.py": SHOP, "test_shop.py": TEST, "test_again.py": TEST, "pyproject.toml": NO_FAULTS})
    result = made.run("-n2", "--parity-level=staging", "--junit-xml=junit.xml")
    assert sorted(result.findings) == [("seq-scan", "shop.py:6"), ("seq-scan", "shop.py:6")], result.out
    assert result.out.count("production parity: staging") == 1
    section = result.out.partition("production parity: staging")[2].partition("short test summary")[0]
    assert section.count("reads 200,000 rows to return 10") == 1
    tree = ET.parse(made.folder / "junit.xml")
    properties = [entry.get("value") for entry in tree.iter("property") if entry.get("name") == "prodparity"]
    assert properties == ["seq-scan reads 200,000 rows to return 10 (shop.py:6)"] * 2


def test_a_broken_profile_is_one_message(project: Make) -> None:
    made = project({"shop.py": SHOP, "test_shop.py": TEST})
    path = made.folder / "parity" / "profile.json"
    data = json.loads(path.read_text())
    data["format"] = 99
    path.write_text(json.dumps(data))
    result = made.run()
    assert result.status == 4
    assert "has format 99" in result.out
    assert "Traceback" not in result.out


def test_no_password_reaches_the_output(project: Make) -> None:
    tests = """\
import pytest, re

@pytest.mark.prodparity
def test_one(parity_db):
    password = re.search(r":([^:@/]+)@", parity_db.dsn).group(1)
    open("password", "w").write(password)
    assert repr(parity_db) == "x"
"""
    made = project({"test_one.py": tests})
    result = made.run("-vv", "--parity-level=staging")
    password = (made.folder / "password").read_text()
    assert result.outcomes == {"failed": 1}
    assert password not in result.out.replace(f"'{password}'", "")
    assert password not in json.dumps(result.report)


def test_an_allowance_for_a_table_that_is_not_there_is_noted(project: Make) -> None:
    tests = TEST.replace(
        "@pytest.mark.prodparity", '@pytest.mark.prodparity(allow=["seq-scan:custmer", "seq-scan:ord*"])', 1
    )
    result = project({"shop.py": SHOP, "test_shop.py": tests}).run()
    assert "allow='seq-scan:custmer': production has no table 'custmer'" in " ".join(result.out.split())
    assert "ord*" not in result.out
