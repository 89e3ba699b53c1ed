"""--parity-gate: the policy decides pytest's exit status."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.gate.repository import commit, git
from tests.project import Project, run_command

Make = Callable[[Mapping[str, str]], Project]

SETTINGS = "[tool.prodparity.levels.dev]\nrows = 0\n"
WARNS = SETTINGS + '[tool.prodparity.gate.rules]\nseq-scan = "warn"\n'

TESTS = """\
import psycopg
import pytest


def orders_of(dsn):
    with psycopg.connect(dsn) as connection:
        return connection.execute('SELECT id, total FROM "order" WHERE customer_id = 1').fetchall()


@pytest.mark.prodparity
def test_slow(parity_db):
    assert orders_of(parity_db.dsn) == []
"""
FAILS = TESTS + "\n\ndef test_other():\n    raise ValueError\n"
FAILS_TOO = FAILS.replace("def test_other():", "@pytest.mark.prodparity\ndef test_other(parity_db):")
UNMARKED = "def test_other():\n    pass\n"


@pytest.mark.parametrize(
    ("settings", "tests", "status", "said"),
    [
        (SETTINGS, TESTS, 1, "gate: blocked\n1 finding blocks"),
        (WARNS, TESTS, 0, "gate: passes, with warnings\n0 findings block, 1 warn"),
        (WARNS, FAILS, 1, "gate: passes, with warnings"),
        (WARNS, FAILS_TOO, 1, "gate: blocked\n  block    test_shop.py::test_other failed by itself"),
        (SETTINGS, UNMARKED, 1, "gate: could not be judged\n  cannot judge there is no report: no marked test ran"),
        ('[tool.prodparity.gate]\nflaky = "wran"\n', TESTS, 4, "[tool.prodparity] gate.flaky: 'wran' is no action"),
        ('[tool.prodparity.gate]\nbaseline = "none.json"\n', UNMARKED, 4, "There is no baseline"),
    ],
    ids=["blocks", "warns", "an unmarked test fails", "a marked test fails", "nothing marked", "policy", "no baseline"],
)
def test_the_policy_decides_the_exit_status(project: Make, settings: str, tests: str, status: int, said: str) -> None:
    result = project({"pyproject.toml": settings, "test_shop.py": tests}).run("--parity-gate")
    assert said in result.out
    assert result.status == status, result.out


FORMATTED = (
    "import psycopg\n\n"
    + "# a line\n" * 50
    + '''

def orders_of(
    dsn,
):
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            """
            SELECT id,
                   total
              FROM "order"
             WHERE customer_id = 1
            """
        ).fetchall()
'''
)


def test_a_change_answers_for_its_own_findings_and_they_have_a_page(project: Make) -> None:
    shop = project({"pyproject.toml": SETTINGS, "test_shop.py": TESTS, ".gitignore": ".prodparity\n"})
    git(shop.folder, "init", "-q", "-b", "main")
    commit(shop.folder)
    first = shop.run("--parity-report=before.json")
    assert "page: prodparity report before.json --format html -o report.html" in first.out
    shop.write({"test_shop.py": TESTS + "\n\ndef other():\n    pass\n"})
    second = shop.run()
    assert "page: prodparity report --format html -o report.html" in second.out
    assert "1 elsewhere" in run_command(shop, "gate", "--diff", "main")
    assert "1 elsewhere" in run_command(shop, "gate", "--diff", "main", "--before", "before.json")
    shop.write({"test_shop.py": TESTS.replace("customer_id = 1", "customer_id = 1 AND true")})
    shop.run()
    assert "1 finding blocks" in run_command(shop, "gate", "--diff", "main", "--before", "before.json", status=1)
    run_command(shop, "report", "--format", "html", "-o", "report.html")
    assert "test_shop.py:7" in (shop.folder / "report.html").read_text(encoding="utf-8")


def test_code_that_moved_was_formatted_or_renamed_has_the_same_finding(project: Make) -> None:
    code, _, tests = TESTS.partition("\n\n@pytest")
    tests = f"import pytest\nfrom shop import orders_of\n\n\n@pytest{tests}"
    made = project({"pyproject.toml": SETTINGS, "shop.py": code, "test_shop.py": tests})
    before = made.run().report
    moved = made.write({"shop.py": FORMATTED}).run().report
    renamed = made.write({"sales.py": FORMATTED, "test_shop.py": tests.replace("from shop", "from sales")}).run().report
    assert before is not None
    assert moved is not None
    assert renamed is not None
    (one,), (two,), (three,) = before["findings"], moved["findings"], renamed["findings"]
    assert one["source"] != two["source"]
    assert one["fingerprint"] == two["fingerprint"]
    assert three["source"].startswith("sales.py:")
    assert three["fingerprint"] != two["fingerprint"]
    assert three["fingerprint"][:8] == two["fingerprint"][:8]


def test_a_run_that_stops_at_its_first_failure_is_not_let_through(project: Make) -> None:
    result = project({"pyproject.toml": WARNS, "test_shop.py": TESTS + UNMARKED}).run("--parity-gate", "-x")
    assert "cannot judge the run was interrupted" in result.out
    assert result.status == 1


def test_the_controller_decides_for_all_workers(project: Make) -> None:
    result = project({"pyproject.toml": WARNS, "test_shop.py": TESTS}).run("--parity-gate", "-n", "1", "-p", "xdist")
    assert "gate: passes, with warnings" in result.out
    assert result.status == 0, result.out


def test_without_the_flag_nothing_is_decided(project: Make) -> None:
    result = project({"pyproject.toml": WARNS, "test_shop.py": TESTS}).run()
    assert "gate:" not in result.out
    assert result.status == 1
