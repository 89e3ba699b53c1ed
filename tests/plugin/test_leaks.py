"""What the code under test leaves under way fails the test at its end; what is the test's own does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.plugin.test_isolation import ENVIRONMENT
from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

APP = """\
import os
import threading

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

DSN = os.environ["DSN"]
engine = create_engine(os.environ["DATABASE_URL"], pool_size=1)
kept = []


def read():
    connection = psycopg.connect(DSN)
    kept.append(connection)
    return connection.execute("SELECT count(*) FROM country").fetchone()[0]


def fail():
    connection = psycopg.connect(DSN)
    kept.append(connection)
    try:
        connection.execute("SELECT 1 / 0")
    except psycopg.Error:
        return False


def lock():
    connection = psycopg.connect(DSN, autocommit=True)
    kept.append(connection)
    connection.execute("SELECT pg_advisory_lock(7)")


def prepare():
    connection = psycopg.connect(DSN)
    connection.tpc_begin(connection.xid(1, "order 7", "x"))
    connection.execute("INSERT INTO country VALUES ('p', 'x')")
    connection.tpc_prepare()
    connection.close()


def sleep():
    connection = psycopg.connect(DSN, autocommit=True)
    kept.append(connection)
    threading.Thread(target=_sleep, args=(connection,), daemon=True).start()


def _sleep(connection):
    try:
        connection.execute("SELECT pg_sleep(600)")
    except psycopg.Error:
        pass


def count():
    with Session(engine) as session:
        return session.scalar(text("SELECT count(*) FROM country"))


def add(code):
    session = Session(engine)
    kept.append(session)
    session.execute(text("INSERT INTO country VALUES (:code, 'x')"), {"code": code})


def close():
    for session in kept:
        session.close()


def add_to(session, code):
    session.execute(text("INSERT INTO country VALUES (:code, 'x')"), {"code": code})


def connect():
    return psycopg.connect(DSN)


def add_by(connection, code):
    connection.execute("INSERT INTO country VALUES (%s, 'x')", (code,))
"""

LEAKY = """\
import time
import pytest, app
pytestmark = pytest.mark.prodparity

def test_read():
    app.read()

def test_fail():
    assert app.fail() is False

def test_lock():
    app.lock()

def test_prepare():
    app.prepare()

def test_running(parity_db):
    app.sleep()
    deadline = time.monotonic() + 30
    while not parity_db.owner.execute(
        "SELECT FROM pg_stat_activity WHERE query LIKE '%sleep(600)' AND state = 'active' AND pid <> pg_backend_pid()"
    ).fetchall():
        assert time.monotonic() < deadline

def test_pool():
    assert app.count() == 0

def test_pooled():
    app.add("b")

@pytest.mark.prodparity(allow=["leak:advisory lock"])
def test_allowed():
    app.lock()

def test_last():
    assert app.count() == 0
"""

TIDY = """\
import psycopg
import pytest, app
from sqlalchemy import text
from sqlalchemy.orm import Session
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module")
def reading():
    with psycopg.connect(app.DSN) as connection:
        connection.execute("SELECT count(*) FROM country")
        yield connection
        connection.rollback()

@pytest.fixture
def session():
    with Session(app.engine) as session:
        yield session
        session.rollback()

@pytest.fixture
def forgotten(parity_db):
    return Session(parity_db.engine)

@pytest.fixture
def closing():
    yield
    app.close()

def test_a_wider_fixtures_reading_transaction(reading):
    assert app.count() == 0

def test_a_pool():
    assert app.count() == 0

def test_a_fixture_that_rolls_back(session):
    app.add_to(session, "b")

def test_a_fixture_that_does_not(forgotten):
    app.add_to(forgotten, "b")

def test_a_fixture_that_closes_what_the_code_kept(closing):
    app.add("b")

def test_a_session_of_its_own():
    session = Session(app.engine)
    app.add_to(session, "b")

def test_a_connection_of_its_own(parity_db):
    connection = parity_db.connect()
    app.add_by(connection, "b")
    assert connection.execute("SELECT count(*) FROM country").fetchone() == (1,)

kept = []

def test_a_connection_that_it_was_given():
    connection = app.connect()
    kept.append(connection)
    app.add_by(connection, "b")

def test_that_fails():
    app.read()
    assert 0

def test_last(reading):
    assert app.count() == 0
"""

EXPECTED = {
    "test_read": ("open transaction", "app.py:16", "1 transaction is still open when the test is over"),
    "test_fail": ("open transaction", "app.py:23", "1 transaction is still open when the test is over"),
    "test_lock": ("advisory lock", "app.py:31", "1 advisory lock is still held when the test is over"),
    "test_prepare": (
        "prepared transaction",
        "app.py:38",
        "1 prepared transaction is neither committed nor rolled back",
    ),
    "test_running": ("running statement", "app.py:43", "1 statement is still running when the test is over"),
    "test_pooled": ("open transaction", "app.py:63", "1 transaction is still open when the test is over"),
}


@pytest.fixture
def project(project: Make) -> Make:
    """An application with a pool, without production's rows."""
    environment = ENVIRONMENT + 'DSN = "{db.dsn}"\n'
    return lambda files: project({"pyproject.toml": environment, "app.py": APP, **files})


@pytest.mark.parametrize("arguments", [(), ("-n1",)])
def test_what_the_code_leaves_fails_the_test_at_its_end(project: Make, arguments: tuple[str, ...]) -> None:
    made = project({"test_leaky.py": LEAKY})
    result = made.run(*arguments, "--junitxml=junit.xml")
    assert result.outcomes == {"passed": 9, "error": 6}, result.out
    assert result.report is not None
    found = {
        entry["test"].partition("::")[2]: (entry["subject"], entry["source"], entry["title"])
        for entry in result.report["findings"]
        if entry["rule"] == "leak"
    }
    assert found == EXPECTED, result.out
    assert len(result.report["findings"]) == len(EXPECTED)
    (allowed,) = result.report["allowed"]
    assert (allowed["rule"], allowed["subject"]) == ("leak", "advisory lock")
    outcomes = {test["id"].partition("::")[2]: test["outcome"] for test in result.report["tests"]}
    assert {test for test, outcome in outcomes.items() if outcome == "failed"} == set(EXPECTED)
    assert len(outcomes) == 9
    assert "Traceback" not in result.out
    assert "ERROR at teardown of test_lock" in result.out
    assert "fix: Close what was opened: with around the connection or session" in result.out
    junit = (made.folder / "junit.xml").read_text()
    assert 'value="leak 1 advisory lock is still held when the test is over (app.py:31)"' in junit
    assert junit.count('name="prodparity"') == len(EXPECTED)


def test_what_is_the_tests_own_is_not_accused(project: Make) -> None:
    # In the second file nothing has opened the pool's connection before.
    first = TIDY.partition("@pytest.fixture(scope")[0] + TIDY[TIDY.index("def test_a_session_of_its_own") :]
    closing = TIDY[: TIDY.index("def test_a_wider")] + TIDY[TIDY.index("def test_a_fixture_that_closes") :]
    files = {"test_tidy.py": TIDY, "test_first.py": first.replace("(reading)", "()"), "test_closing.py": closing}
    made = project(files)
    result = made.run("test_tidy.py")
    assert result.outcomes == {"passed": 9, "failed": 1}, result.out
    assert result.findings == []
    for name, passed in (("test_first.py", 4), ("test_closing.py", 5)):
        result = made.run(name)
        assert result.outcomes == {"passed": passed, "failed": 1}, result.out
        assert result.findings == []
