"""At staging a test is run again under faults, and what its code makes of them is judged without assertions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from tests.project import Project, Result

Make = Callable[[Mapping[str, str]], Project]

APP = """\
import time

import psycopg


def order_torn(dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        number = connection.execute(
            "INSERT INTO \\"order\\" (customer_id, state, total) VALUES (1, 'open', 5) RETURNING id"
        ).fetchone()[0]
        connection.execute("UPDATE customer SET name = 'buyer' WHERE id = 1")
    return number


def order_whole(dsn):
    with psycopg.connect(dsn) as connection:
        number = connection.execute(
            "INSERT INTO \\"order\\" (customer_id, state, total) VALUES (1, 'open', 5) RETURNING id"
        ).fetchone()[0]
        connection.execute("UPDATE customer SET name = 'buyer' WHERE id = 1")
    return number


def swallowed(dsn):
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("UPDATE customer SET name = 'seen' WHERE id = 2")
    except psycopg.Error:
        pass


def twice(dsn):
    for attempt in range(3):
        try:
            with psycopg.connect(dsn) as connection:
                connection.execute("INSERT INTO \\"order\\" (customer_id, state, total) VALUES (3, 'open', 7)")
            return
        except psycopg.OperationalError:
            time.sleep(0.01)
    raise RuntimeError("tried three times")


def once(dsn):
    for attempt in range(3):
        try:
            with psycopg.connect(dsn) as connection:
                connection.execute("INSERT INTO country (code, name) VALUES ('zz', 'new') ON CONFLICT DO NOTHING")
            return
        except psycopg.OperationalError:
            time.sleep(0.01)
    raise RuntimeError("tried three times")


def told(dsn):
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("UPDATE customer SET name = 'told' WHERE id = 4")
    except psycopg.Error:
        return False
    return True
"""

TESTS = """\
import pytest

import app

pytestmark = pytest.mark.prodparity


@pytest.fixture
def dsn(parity_db):
    parity_db.owner.execute("INSERT INTO customer SELECT n, 'name', 'c1' FROM generate_series(1, 9) n")
    return parity_db.dsn + "?connect_timeout=2&tcp_user_timeout=300"


def test_torn(dsn, parity_db):
    assert app.order_torn(dsn)
    assert len(parity_db.delta()['"order"'].inserted) == 1


def test_whole(dsn):
    assert app.order_whole(dsn)


def test_swallowed(dsn):
    app.swallowed(dsn)


def test_swallowed_and_checked(dsn, parity_db):
    app.swallowed(dsn)
    assert parity_db.owner.execute("SELECT name FROM customer WHERE id = 2").fetchone() == ("seen",)


def test_twice(dsn):
    app.twice(dsn)


def test_once(dsn):
    app.once(dsn)


def test_told(dsn):
    assert app.told(dsn)


def test_two_calls(dsn):
    app.once(dsn)
    assert app.order_whole(dsn)


def test_loop(dsn):
    for _ in range(3):
        app.order_whole(dsn)
"""

SETTINGS = """\
[tool.prodparity.levels.staging]
rows = 0
growth = false
latency = 0
"""


def rules(result: Result) -> dict[str, list[str]]:
    """By test function, the rules that were found."""
    assert result.report is not None, result.out
    found: dict[str, list[str]] = {}
    for one in result.report["findings"]:
        found.setdefault(one["test"].rpartition("::")[2], []).append(one["rule"])
    return found


@pytest.fixture(scope="module")
def swept(module_project: Make) -> Result:
    """All of them, at staging."""
    files = {"pyproject.toml": SETTINGS, "app.py": APP, "test_app.py": TESTS}
    return module_project(files).run("--parity-level=staging", "--parity-database=embedded", "-v")


def test_what_fails_under_a_fault_is_found_and_what_does_not_is_not(swept: Result) -> None:
    assert rules(swept) == {
        "test_torn": ["torn-write"],
        "test_swallowed": ["silent-loss"],
        "test_swallowed_and_checked": ["silent-loss"],
        "test_twice": ["double-apply"],
    }, swept.out
    assert swept.outcomes == {"passed": 5, "failed": 4}


def test_each_scenario_is_shown_with_its_time(swept: Result) -> None:
    assert re.search(r"\d+ ms  [0-9a-f]{6}:reply-lost", swept.out), swept.out
    assert re.search(r"\d+ scenarios, [\d.]+ s", swept.out), swept.out
