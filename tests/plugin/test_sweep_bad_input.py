"""Tests and programs that a sweep must get over: judged for what they are, and nothing of them in the next test."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.plugin.test_sweep import SETTINGS, rules
from tests.project import Project, Result

Make = Callable[[Mapping[str, str]], Project]

APP = """\
import ctypes
import itertools

import psycopg

runs = itertools.count()


def reads_at_first(dsn):
    with psycopg.connect(dsn) as connection:
        if next(runs) < 3:
            connection.execute("SELECT name FROM customer WHERE id = 1").fetchone()
        connection.execute("UPDATE customer SET name = 'other' WHERE id = 1")


def reads_once_more_after_an_error(dsn):
    try:
        rename(dsn, 2)
    except psycopg.Error:
        with psycopg.connect(dsn) as connection:
            connection.execute("SELECT name FROM customer WHERE id = 2").fetchone()
        raise


def rename(dsn, number):
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE customer SET name = 'other' WHERE id = %s", (number,))


def pipelined(dsn):
    with psycopg.connect(dsn) as connection, connection.pipeline():
        for number in (3, 4):
            connection.execute("UPDATE customer SET name = 'other' WHERE id = %s", (number,))


def pipelined_one_by_one(dsn):
    with psycopg.connect(dsn, autocommit=True) as connection, connection.pipeline() as pipeline:
        for number in (3, 4):
            connection.execute("UPDATE customer SET name = 'other' WHERE id = %s", (number,))
            pipeline.sync()


def sleeps_in_c_after_an_error(dsn):
    try:
        rename(dsn, 5)
    except psycopg.Error:
        ctypes.CDLL(None).sleep(600)
"""

TESTS = """\
import psycopg
import pytest

import app
from pytest_prodparity import Latency, ResetPeer, SqlState

pytestmark = pytest.mark.prodparity


@pytest.fixture
def dsn(parity_db):
    parity_db.owner.execute("INSERT INTO customer SELECT n, 'name', 'c1' FROM generate_series(1, 9) n")
    return parity_db.dsn + "?connect_timeout=2&tcp_user_timeout=300"


def test_a_trip_that_is_there_in_some_runs(dsn):
    app.reads_at_first(dsn)


def test_a_trip_that_is_there_under_faults_only(dsn):
    app.reads_once_more_after_an_error(dsn)


def test_a_pipeline(dsn):
    app.pipelined(dsn)


def test_a_pipeline_in_parts(dsn):
    app.pipelined_one_by_one(dsn)


@pytest.mark.prodparity(faults=[SqlState("40001")])
def test_a_hang_in_c(dsn):
    app.sleeps_in_c_after_an_error(dsn)


def test_faults_of_its_own(dsn, parity_faults):
    outer, inner = parity_faults(ResetPeer(trip=2)), parity_faults(SqlState("40001", trip=2))
    outer.__enter__()
    with pytest.raises(psycopg.OperationalError):
        app.rename(dsn, 7)
    inner.__enter__()
    outer.__exit__(None, None, None)
    with pytest.raises(psycopg.errors.SerializationFailure):
        app.rename(dsn, 7)
    inner.__exit__(None, None, None)
    app.rename(dsn, 8)


@pytest.fixture
def full_disk(dsn, parity_faults):
    with parity_faults(SqlState("53100"), Latency(ms=1)):
        yield dsn


def test_faults_of_its_fixture(full_disk, parity_db, parity_faults):
    with pytest.raises(psycopg.errors.DiskFull):
        app.rename(full_disk, 8)
    with parity_faults(SqlState("40001", trip=2)), pytest.raises(psycopg.errors.SerializationFailure):
        app.rename(full_disk, 8)
    with pytest.raises(psycopg.errors.DiskFull):
        app.rename(full_disk, 8)


def test_after_all_of_them(dsn, parity_db):
    assert parity_db.owner.execute("SELECT count(*) FROM customer WHERE name = 'other'").fetchone() == (0,)
    app.rename(dsn, 9)
    assert parity_db.delta().tables == ("customer",)
"""


@pytest.fixture(scope="module")
def swept(module_project: Make) -> Result:
    settings = SETTINGS + "faults = 16\n[tool.prodparity.rules.hang]\nseconds = 1.5\n"
    files = {"pyproject.toml": settings, "app.py": APP, "test_odd.py": TESTS}
    return module_project(files).run("--parity-level=staging", "--parity-database=embedded", "-v")


def scenarios(swept: Result, test: str) -> dict[str, str]:
    """By token, what came of it."""
    assert swept.report is not None, swept.out
    (found,) = (one for one in swept.report["tests"] if one["id"].endswith(f"::{test}"))
    return {one["token"]: one["outcome"] for one in found["scenarios"]}


def test_each_is_judged_for_what_it_is(swept: Result) -> None:
    assert rules(swept) == {"test_a_pipeline_in_parts": ["torn-write"], "test_a_hang_in_c": ["hang"]}, swept.out
    assert swept.outcomes == {"passed": 6, "failed": 2}, swept.out


def test_a_trip_that_does_not_come_again_is_told_and_is_no_finding(swept: Result) -> None:
    told = set(scenarios(swept, "test_a_trip_that_is_there_in_some_runs").values())
    assert "cannot tell: the trip did not come again" in told, swept.out


def test_a_pipeline_is_struck_where_its_protocol_allows_it(swept: Result) -> None:
    whole = scenarios(swept, "test_a_pipeline")
    late = "cannot tell: all of this pipeline's statements have been executed already"
    assert len(whole) > 10, swept.out
    assert all(said == late or said.startswith("failed cleanly with psycopg.") for said in whole.values()), swept.out


KILLING = """\
import os
import signal

import psycopg


def rename(dsn, postmaster):
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("UPDATE customer SET name = 'other' WHERE id = 6")
    except psycopg.Error:
        os.kill(postmaster, signal.SIGKILL)
        raise
"""

KILLED = """\
import psycopg
import pytest

import killing
from pytest_prodparity import SqlState


@pytest.fixture
def customers(parity_db):
    parity_db.owner.execute("INSERT INTO customer SELECT n, 'name', 'c1' FROM generate_series(1, 9) n")


@pytest.mark.prodparity(faults=[SqlState("40001")])
def test_the_end_of_the_server(parity_db, customers):
    pid = parity_db.owner.execute("SELECT pg_backend_pid()").fetchone()[0]
    with open(f"/proc/{pid}/stat") as file:
        killing.rename(parity_db.dsn, int(file.read().rpartition(")")[2].split()[1]))


@pytest.mark.prodparity(faults=[SqlState("40001")])
def test_the_next_one(parity_db, customers):
    assert parity_db.owner.execute("SELECT count(*) FROM customer").fetchone() == (9,)
    killing.rename(parity_db.dsn, 1 << 30)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the server as Linux tells it")
def test_a_scenario_that_kills_the_server_costs_the_next_test_nothing(module_project: Make) -> None:
    made = module_project({"pyproject.toml": SETTINGS, "killing.py": KILLING, "test_killing.py": KILLED})
    with tempfile.TemporaryDirectory(prefix="prodparity cache ", dir="/var/tmp", ignore_cleanup_errors=True) as own:
        Path(own).chmod(0o755)  # the user that runs the server for root has to get there
        result = made.run(
            "--parity-level=staging", "--parity-database=embedded", "-v", environment={"PRODPARITY_CACHE": own}
        )
    assert result.outcomes == {"passed": 2}, result.out
    killed = set(scenarios(result, "test_the_end_of_the_server").values())
    told = "failed cleanly with psycopg.SerializationFailure (40001)"  # where the delta was read in time
    assert killed <= {"cannot tell: what it changed cannot be told", told}, result.out
    after = scenarios(result, "test_the_next_one")
    assert set(after.values()) == {"failed cleanly with ProcessLookupError"}, result.out
    assert "note: the database server was lost, and started again" in result.out
