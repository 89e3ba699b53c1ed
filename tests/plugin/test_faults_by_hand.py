"""`parity_faults`: faults for one block of a test, and nothing of them after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

CONFIG = """\
[tool.prodparity.levels.dev]
rows = 0
[tool.prodparity.env]
DATABASE_URL = "{db.url}"
PGDSN = "{db.dsn}"
"""

HEAD = """\
import os, subprocess, sys, threading, time
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from pytest_prodparity import *

engine = create_engine(os.environ["DATABASE_URL"])

def add(code):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO country VALUES (:code, 'x')"), {"code": code})

def codes(parity_db):
    return [row[0] for row in parity_db.owner.execute("SELECT code FROM country ORDER BY code")]

"""

WORKS = """
def test_the_third_trip(parity_db, parity_faults):
    with parity_db.connect() as warm:
        warm.execute("SELECT 1")
        warm.commit()
        with parity_faults(ResetPeer(trip=3)), pytest.raises(psycopg.OperationalError):
            warm.execute("INSERT INTO country VALUES ('a', 'x')")
            warm.commit()
    assert codes(parity_db) == []

def test_the_reply_of_the_commit(parity_db, parity_faults):
    add("first")
    with parity_faults(ReplyLost(trip=3)), pytest.raises(OperationalError):
        add("second")
    add("third")
    assert codes(parity_db) == ["first", "second", "third"]

def test_one_block_within_another(parity_db, parity_faults):
    add("a")
    with parity_faults(Latency(ms=30), SqlState("40001", trip=8)):
        with parity_faults(Latency(ms=1), SqlState("40P01", trip=2)):
            with pytest.raises(DBAPIError, match="deadlock detected"):
                add("b")
            add("c")
        with pytest.raises(DBAPIError, match="could not serialize"):
            add("d")
        began = time.monotonic()
        add("e")
        assert time.monotonic() - began > 0.06
    add("f")
    assert codes(parity_db) == ["a", "c", "e", "f"]

def test_an_exception_of_the_block_comes_through_and_nothing_stays(parity_db, parity_faults):
    with pytest.raises(KeyError):
        with parity_faults(ResetPeer(trip=100), BlackHole(trip=99)):
            raise KeyError("own")
    add("a")

def test_a_black_hole_ends_with_its_block(parity_db, parity_faults):
    add("a")
    failed = []
    def work():
        try:
            add("b")
        except OperationalError as error:
            failed.append(error)
    with parity_faults(BlackHole(trip=2)):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(5)
    assert failed
    add("c")
    assert codes(parity_db) == ["a", "c"]

def test_a_subprocess_meets_them_too(parity_db, parity_faults):
    code = "import os, psycopg; psycopg.connect(os.environ['PGDSN'], autocommit=True).execute('SELECT 1')"
    with parity_faults(SqlState("53100")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "No space left on device" in done.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

@pytest.mark.asyncio
async def test_async_code(parity_db, parity_faults):
    import asyncpg
    connection = await asyncpg.connect(parity_db.dsn)
    await connection.execute("INSERT INTO country VALUES ('a', 'x')")
    with parity_faults(Terminated(), Latency(ms=0.5, jitter=0.2)):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.execute("INSERT INTO country VALUES ('b', 'x')")
    assert codes(parity_db) == ["a"]

def test_blocks_that_end_in_the_order_in_which_they_began(parity_db, parity_faults):
    first, second = parity_faults(SqlState("40001"), Latency(ms=1)), parity_faults(SqlState("40P01"), Latency(ms=30))
    first.__enter__()
    with pytest.raises(DBAPIError, match="could not serialize"):
        add("a")
    second.__enter__()
    first.__exit__(None, None, None)
    began = time.monotonic()
    with pytest.raises(DBAPIError, match="deadlock detected"):
        add("b")
    assert time.monotonic() - began > 0.06
    second.__exit__(None, None, None)
    add("c")
    assert codes(parity_db) == ["c"]

def test_a_failover_ends_with_its_block_though_another_began_in_it(parity_db, parity_faults):
    first, second = parity_faults(Failover(seconds=60)), parity_faults(SqlState("40P01", trip=2))
    first.__enter__()
    with pytest.raises(DBAPIError):
        add("a")
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(DBAPIError, match="deadlock detected"):
        add("b")
    second.__exit__(None, None, None)
    add("c")
    assert codes(parity_db) == ["c"]

kept = []

def test_a_block_that_nobody_ends(parity_faults):
    kept.append(parity_faults(ResetPeer(), Refuse(closed=True)))
    kept[-1].__enter__()
    with pytest.raises(OperationalError):
        add("a")

def test_it_ends_with_its_test(parity_db):
    add("b")
    assert codes(parity_db) == ["b"]

def test_nobody_listens(parity_db, parity_faults):
    with parity_faults(Refuse(closed=True)):
        for _ in range(2):
            with pytest.raises(psycopg.OperationalError, match="Connection refused"):
                psycopg.connect(parity_db.dsn)
    add("a")

def test_a_failover(parity_db, parity_faults):
    pinged = create_engine(parity_db.url, pool_pre_ping=True)
    with pinged.begin() as connection:
        connection.execute(text("INSERT INTO country VALUES ('a', 'x')"))
    with parity_faults(Failover(trip=1, seconds=0.2)):
        for _ in range(3):
            with pytest.raises(DBAPIError, match="read-only transaction"), pinged.begin() as connection:
                connection.execute(text("INSERT INTO country VALUES ('b', 'x')"))
    with pinged.begin() as connection:
        connection.execute(text("INSERT INTO country VALUES ('c', 'x')"))
    pinged.dispose()
    assert codes(parity_db) == ["a", "c"]
"""


def test_faults_strike_in_their_block_and_only_there(project: Make) -> None:
    result = project({"pyproject.toml": CONFIG, "test_it.py": HEAD + WORKS}).run()
    assert result.outcomes == {"passed": 13}, result.out


WRONG = """
def test_nothing_to_strike(parity_faults):
    with parity_faults(ResetPeer()):
        pass

def test_too_few_trips(parity_faults):
    with parity_faults(ResetPeer(trip=30)):
        add("a")

def test_does_not_fit(parity_db, parity_faults):
    with parity_db.connect() as connection, parity_faults(SqlState("40P01", trip=1)):
        connection.execute("SELECT 1")

def test_the_kind_itself(parity_faults):
    with parity_faults(ResetPeer):
        pass

def test_something_else(parity_faults):
    with parity_faults("reset"):
        pass

def test_nothing(parity_faults):
    with parity_faults():
        pass

def test_counted_from_one(parity_faults):
    with parity_faults(ResetPeer(trip=0)):
        pass
"""


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("test_nothing_to_strike", "ResetPeer() had nothing to strike: the block had no trip."),
        ("test_too_few_trips", "ResetPeer(trip=30) waited for number 30, and the block had "),
        (
            "test_does_not_fit",
            "SqlState('40P01', trip=1) did not fit 'BEGIN': BEGIN touches no row, so it cannot end in 40P01.",
        ),
        ("test_the_kind_itself", "parity_faults(ResetPeer): this is the kind itself."),
        ("test_something_else", "parity_faults('reset'): this is no fault."),
        ("test_nothing", "parity_faults() has no fault."),
        ("test_counted_from_one", "ResetPeer(trip=0): trips are counted from 1."),
    ],
)
def test_a_wrong_block_is_named(wrong: str, test: str, message: str) -> None:
    assert f"FAILED test_it.py::{test}" in wrong
    assert message in wrong


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory, cache: Path, shop: Path) -> str:
    folder = tmp_path_factory.mktemp("wrong") / "a project"
    shutil.copytree(shop, folder / "parity")
    made = Project(folder, cache).write({"pyproject.toml": CONFIG, "test_it.py": HEAD + WRONG})
    return made.run("-rf").out
