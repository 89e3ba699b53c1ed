"""At staging a test is run again under faults, and what its code makes of them is judged without assertions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from tests.postgres.conftest import DEBIAN15
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


ODD = """\
import os
import time

import psycopg
import pytest

import odd
from pytest_prodparity import ResetPeer, SqlState

pytestmark = pytest.mark.prodparity
CALLS = []


@pytest.fixture
def dsn(parity_db):
    parity_db.owner.execute("INSERT INTO customer SELECT n, 'name', 'c1' FROM generate_series(1, 9) n")
    return parity_db.dsn + "?connect_timeout=2&tcp_user_timeout=300"


def test_no_trip(dsn):
    assert True


def test_other_rows_each_time(dsn):
    CALLS.append(1)
    for number in range(len(CALLS)):
        odd.found(dsn, f"x{number}")


def test_only_once_in_a_process(dsn):
    odd.once_in_a_process()
    odd.rename(dsn, 1)


@pytest.mark.prodparity(faults="tolerate")
def test_must_get_over_it(dsn):
    odd.rename(dsn, 2)


@pytest.mark.prodparity(faults="tolerate")
def test_gets_over_it(dsn):
    odd.rename_with_retries(dsn, 2)


@pytest.mark.prodparity(faults=[ResetPeer(), SqlState("40P01")])
def test_under_these(dsn):
    odd.rename(dsn, 6)


@pytest.mark.prodparity(faults="off")
def test_left_out(dsn):
    odd.half(dsn)


@pytest.mark.prodparity(allow=["torn-write:customer"])
def test_allowed(dsn):
    odd.half(dsn)


def test_waits_for_a_thread_that_died(dsn):
    odd.wait_for_writer(dsn)


def test_passes_under_faults_only(dsn):
    try:
        odd.rename(dsn, 3)
    except psycopg.Error:
        return
    pytest.fail("it worked")


@pytest.fixture(scope="module")
def kept():
    return []


def test_hands_a_connection_on(parity_db, kept):
    kept.append(parity_db.dsn)


def test_finds_the_database_well(parity_db, kept):
    with psycopg.connect(kept[0]) as connection:
        connection.execute("INSERT INTO country VALUES ('zz', 'new')")
        assert connection.execute("SELECT count(*) FROM country WHERE code = 'zz'").fetchone() == (1,)
"""

ODD_APP = """\
import queue
import threading
import time

import psycopg

done = []


def rename(dsn, number):
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE customer SET name = 'other' WHERE id = %s", (number,))


def found(dsn, code):
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO country VALUES (%s, 'new')", (code,))


def rename_with_retries(dsn, number):
    for attempt in range(4):
        try:
            return rename(dsn, number)
        except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction):
            time.sleep(0.02 * 2**attempt)
    raise RuntimeError("tried four times")


def once_in_a_process():
    assert not done
    done.append(1)


def half(dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("UPDATE customer SET name = 'one' WHERE id = 1")
        connection.execute("UPDATE customer SET name = 'two' WHERE id = 2")


def wait_for_writer(dsn):
    ended = queue.Queue()

    def write():
        rename(dsn, 5)
        ended.put(True)

    threading.Thread(target=write, daemon=True).start()
    ended.get()
"""


@pytest.fixture(scope="module")
def odd(module_project: Make) -> Result:
    """Tests that are not like others."""
    settings = SETTINGS + "[tool.prodparity.rules.hang]\nseconds = 1.5\n"
    settings += '[tool.pytest.ini_options]\nfilterwarnings = ["ignore::pytest.PytestUnhandledThreadExceptionWarning"]\n'
    files = {"pyproject.toml": settings, "odd.py": ODD_APP, "test_odd.py": ODD}
    return module_project(files).run("--parity-level=staging", "--parity-database=embedded", "-v")


def test_odd_tests_are_judged_for_what_they_are(odd: Result) -> None:
    assert rules(odd) == {
        "test_other_rows_each_time": ["flaky"],
        "test_must_get_over_it": ["not-tolerated"],
        "test_waits_for_a_thread_that_died": ["hang"],
    }, odd.out
    assert odd.outcomes == {"passed": 8, "failed": 4}, odd.out
    assert odd.report is not None
    assert [found["rule"] for found in odd.report["allowed"]] == ["torn-write"]


def test_what_cannot_be_run_twice_is_said_so(odd: Result) -> None:
    assert odd.report is not None
    (untold,) = (one for one in odd.report["untold"] if one["test"].endswith("test_only_once_in_a_process"))
    assert untold["reason"] == "faults: it cannot be run twice in one process: the second time AssertionError"


def test_faults_that_a_marker_names_are_the_only_ones(odd: Result) -> None:
    assert odd.report is not None
    (test,) = (one for one in odd.report["tests"] if one["id"].endswith("test_under_these"))
    assert {one["token"].partition(":")[2] for one in test["scenarios"]} == {"reset-peer", "40P01"}
    assert all(one["trip"] > 0 and one["what"] for one in test["scenarios"])


def test_a_token_runs_its_scenario_alone_at_any_level(module_project: Make) -> None:
    project = module_project({"pyproject.toml": SETTINGS, "odd.py": ODD_APP, "test_odd.py": ODD})
    swept = project.run("--parity-level=staging", "--parity-database=embedded", "-k", "test_must_get_over_it")
    assert swept.report is not None
    (found,) = swept.report["findings"]
    token = found["details"]["scenario"]
    assert found["replay"] == f"pytest test_odd.py::test_must_get_over_it --parity-replay={token}"
    again = project.run(*found["replay"].split()[1:])
    assert again.report is not None
    (test,) = again.report["tests"]
    assert [one["token"] for one in test["scenarios"]] == [token]
    assert rules(again) == {"test_must_get_over_it": ["not-tolerated"]}
    wrong = project.run("--parity-replay=fffff:nothing")
    assert "'fffff:nothing' names no scenario" in wrong.out
    assert "such as f3a91c:reply-lost" in wrong.out
    nobody = project.run("--parity-replay=ffffff:reply-lost", "-k", "test_must_get_over_it")
    assert "no test sent the trip of --parity-replay=ffffff:reply-lost" in nobody.out


def test_on_postgresql_15_the_same_is_found(module_project: Make) -> None:
    if not DEBIAN15.exists():
        pytest.skip("needs PostgreSQL 15: apt install postgresql-15")
    files = {"pyproject.toml": SETTINGS, "app.py": APP, "test_app.py": TESTS}
    chosen = ["-k", "torn or twice or once"]
    older = {"PRODPARITY_PG_BIN": str(DEBIAN15)}
    result = module_project(files).run(
        "--parity-level=staging", "--parity-database=embedded", *chosen, environment=older
    )
    assert "PostgreSQL 15." in result.out
    assert rules(result) == {"test_torn": ["torn-write"], "test_twice": ["double-apply"]}, result.out
    assert result.outcomes == {"passed": 1, "failed": 2, "deselected": 6}, result.out
