"""What one test changed, the next does not meet; what that cost is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

HEAD = """\
import os
import pytest
import psycopg

pytestmark = pytest.mark.prodparity

def count(parity_db, table="country"):
    with parity_db.connect() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

def add(parity_db, code):
    with parity_db.connect() as connection:
        connection.execute("INSERT INTO country VALUES (%s, 'x')", (code,))

"""

LAST = """
def test_last(parity_db):
    assert count(parity_db) == 0
"""

POOLED = """\
import os
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["DATABASE_URL"])


def place():
    with engine.connect() as connection:
        return connection.execute(text("SELECT pg_backend_pid() || current_database()")).scalar()


def add(code):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO country VALUES (:code, 'x')"), {"code": code})


def codes():
    with engine.connect() as connection:
        return sorted(connection.execute(text("SELECT code FROM country")).scalars())
"""

EMPTY = "[tool.prodparity.levels.dev]\nrows = 0\n"
ENVIRONMENT = EMPTY + '[tool.prodparity.env]\nDATABASE_URL = "{db.url}"\n'


@pytest.fixture
def project(project: Make) -> Make:
    """Without production's rows."""
    return lambda files: project({"pyproject.toml": EMPTY, **files})


def copies(result: object) -> list[tuple[str, str]]:
    report = result.report  # type: ignore[attr-defined]
    return [(entry["test"].partition("::")[2], entry["reason"]) for entry in report["copies"]]


def test_committed_rows_are_taken_back_and_connections_survive(project: Make) -> None:
    tests = """\
import pytest, app
pytestmark = pytest.mark.prodparity
places = set()

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    assert app.codes() == []
    app.add(f"c{number}")
    app.add("same")
    places.add(app.place())

def test_last():
    assert len(places) == 1
"""
    result = project({"app.py": POOLED, "test_app.py": tests, "pyproject.toml": ENVIRONMENT}).run()
    assert result.outcomes == {"passed": 7}, result.out
    assert "isolation: delta" in result.out
    assert result.report is not None
    assert result.report["isolation"] == "delta"
    assert result.report["copies"] == []


COSTLY = {
    "schema": ("connection.execute('CREATE TABLE extra (a int)')", "the schema was changed (pg_attribute)"),
    "drop": ("connection.execute('DROP TABLE country')", "the schema was changed"),
    "truncate": ("connection.execute('TRUNCATE country')", "TRUNCATE of public.country"),
    "large": ("connection.execute('SELECT lo_from_bytea(0, %s)', (b'x',))", "a large object was made or removed"),
}


def test_what_cannot_be_taken_back_costs_a_fresh_copy_and_is_counted(project: Make) -> None:
    tests = HEAD + "def test_before(parity_db):\n    add(parity_db, 'b')\n"
    for name, (body, _) in COSTLY.items():
        tests += (
            f"\ndef test_{name}(parity_db):\n    with parity_db.connect() as connection:\n        {body}\n"
            f"\ndef test_after_{name}(parity_db):\n    assert count(parity_db) == 0\n    add(parity_db, 'b')\n"
        )
    result = project({"test_it.py": tests + LAST}).run("-v")
    assert result.outcomes == {"passed": 10}, result.out
    assert [test for test, _ in copies(result)] == [f"test_{name}" for name in COSTLY], result.out
    for (_, said), (_, reason) in zip(copies(result), COSTLY.values(), strict=True):
        assert said.startswith(reason)
        assert f"a fresh copy: {reason}" in result.out


def test_a_test_that_fails_half_way_is_taken_back(project: Make) -> None:
    tests = HEAD + (
        "def test_it(parity_db):\n    add(parity_db, 'b')\n    connection = parity_db.connect()\n"
        "    connection.execute(\"INSERT INTO country VALUES ('c', 'x')\")\n    assert 0\n"
        "\ndef test_error(parity_db):\n    add(parity_db, 'b')\n    connection = psycopg.connect(parity_db.dsn)\n"
        "    connection.execute('SELECT nothing')\n" + LAST
    )
    result = project({"test_it.py": tests}).run()
    assert result.outcomes == {"failed": 2, "passed": 1}, result.out
    assert copies(result) == []


LEFT = """\
import psycopg


def begin(dsn):
    connection = psycopg.connect(dsn)
    connection.execute("INSERT INTO country VALUES ('c', 'x')")
    return connection


def lock(dsn):
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute("SELECT pg_advisory_lock(7)")
    return connection


def prepare(dsn):
    connection = psycopg.connect(dsn)
    connection.tpc_begin(connection.xid(1, "order 7", "x"))
    connection.execute("INSERT INTO country VALUES ('p', 'x')")
    connection.tpc_prepare()
    connection.close()
"""


TOLD = {
    "begin": "open transaction, on a connection opened at left.py:5",
    "lock": "advisory lock, on a connection opened at left.py:11",
    "prepare": "prepared transaction",
}


def test_what_is_left_under_way_is_ended_and_told_with_its_line(project: Make) -> None:
    tests = HEAD + "import left\nkept = []\n"
    for call in TOLD:
        tests += (
            f"\n@pytest.mark.prodparity(allow=['idle-in-transaction', 'leak'])\ndef test_{call}(parity_db):\n"
            f"    kept.append(left.{call}(parity_db.dsn))\n"
            f"\ndef test_after_{call}(parity_db):\n    add(parity_db, 'c')\n    add(parity_db, 'p')\n"
            "    with parity_db.connect() as connection:\n"
            "        assert connection.execute('SELECT pg_try_advisory_lock(7)').fetchone() == (True,)\n"
        )
    result = project({"left.py": LEFT, "test_it.py": tests + LAST}).run()
    assert result.outcomes == {"passed": 7}, result.out
    assert result.report is not None
    told = {entry["test"].partition("::test_")[2]: entry["left"] for entry in result.report["leaks"]}
    for call, left in TOLD.items():
        assert told[call].startswith(left)
        assert f"left under way and ended: {left}" in " ".join(result.out.split())
    assert copies(result) == []


def test_a_copy_per_test_can_be_asked_for(project: Make) -> None:
    tests = HEAD + "def test_it(parity_db):\n    add(parity_db, 'b')\n" + LAST
    made = project({"test_it.py": tests, "pyproject.toml": '[tool.prodparity]\nisolation = "clone"\n' + EMPTY})
    result = made.run()
    assert result.outcomes == {"passed": 2}, result.out
    assert "isolation: a copy per test (as set)" in result.out
    assert made.run(environment={"PRODPARITY_ISOLATION": "delta"}).report["isolation"] == "delta"  # type: ignore[index]


def test_an_unknown_isolation_is_refused(project: Make) -> None:
    made = project({"test_it.py": HEAD, "pyproject.toml": '[tool.prodparity]\nisolation = "detla"\n'})
    result = made.run()
    assert result.status == 4
    assert "[tool.prodparity] isolation: isolation 'detla' does not exist (did you mean 'delta'?)." in result.out
    assert "use one of auto, delta, clone" in result.out


def test_a_test_of_its_own_rows_does_not_disturb_the_others(project: Make) -> None:
    tests = (
        HEAD
        + """\
def test_one(parity_db):
    assert count(parity_db, '"order"') == 2000
    add(parity_db, 'b')

@pytest.mark.prodparity(rows={"order": 3000})
def test_more(parity_db):
    assert count(parity_db, '"order"') == 3000
    add(parity_db, 'b')

@pytest.mark.prodparity(rows={"order": 3000})
def test_more_again(parity_db):
    add(parity_db, 'b')

def test_two(parity_db):
    add(parity_db, 'b')
    assert count(parity_db, '"order"') == 2000
"""
    )
    made = project({"test_it.py": tests, "pyproject.toml": '[tool.prodparity.levels.dev]\nrows = "1%"\n'})
    result = made.run("-v")
    assert result.outcomes == {"passed": 4}, result.out
    assert copies(result) == []
