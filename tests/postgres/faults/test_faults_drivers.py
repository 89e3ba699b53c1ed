"""psycopg2 and asyncpg under faults raise their own exceptions, and are usable afterwards where PostgreSQL's would be."""

from __future__ import annotations

import asyncio

import asyncpg
import psycopg2
import psycopg2.errors
import psycopg2.extensions
import pytest

from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.refuse import Refuse
from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.kinds.sql_state import SqlState
from tests.postgres.faults.conftest import Broken
from tests.postgres.wire.watching import until


@pytest.mark.parametrize(("fault", "kept"), [(ResetPeer(), []), (ReplyLost(), [1])])
def test_psycopg2_and_a_connection_that_breaks(broken: Broken, fault: ResetPeer | ReplyLost, kept: list[int]) -> None:
    broken.arm(fault, "COMMIT")
    connection = psycopg2.connect(broken.url())
    connection.cursor().execute("INSERT INTO kept VALUES (1, 'a')")
    with pytest.raises(psycopg2.OperationalError):
        connection.commit()
    connection.close()
    assert broken.kept == kept


def test_psycopg2_and_an_sqlstate(broken: Broken) -> None:
    connection = psycopg2.connect(broken.url())
    cursor = connection.cursor()
    broken.arm(SqlState("40P01"), "INSERT", times=1)
    with pytest.raises(psycopg2.errors.DeadlockDetected, match="blocked by process"):
        cursor.execute("INSERT INTO kept VALUES (1, 'a')")
    assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INERROR
    connection.rollback()
    cursor.execute("INSERT INTO kept VALUES (2, 'b')")
    broken.arm(SqlState("40001"), "COMMIT", times=1)
    with pytest.raises(psycopg2.errors.SerializationFailure):
        connection.commit()
    assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE
    cursor.execute("INSERT INTO kept VALUES (3, 'c')")
    connection.commit()
    connection.close()
    assert broken.kept == [3]


@pytest.mark.asyncio
@pytest.mark.parametrize(("fault", "kept"), [(ResetPeer(), []), (ReplyLost(), [1])])
async def test_asyncpg_and_a_connection_that_breaks(
    broken: Broken, fault: ResetPeer | ReplyLost, kept: list[int]
) -> None:
    broken.arm(fault, "COMMIT")
    connection = await asyncpg.connect(broken.url())
    with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
        async with connection.transaction():
            await connection.execute("INSERT INTO kept VALUES ($1, 'a')", 1)
    assert connection.is_closed()
    assert broken.kept == kept


@pytest.mark.asyncio
@pytest.mark.parametrize("cached", [False, True])
async def test_asyncpg_and_an_sqlstate(broken: Broken, cached: bool) -> None:
    connection = await asyncpg.connect(broken.url())
    try:
        if cached:
            await connection.execute("INSERT INTO kept VALUES ($1, 'a')", 9)
        broken.arm(SqlState("40001"), "INSERT", times=1)
        with pytest.raises(asyncpg.SerializationError):
            await connection.execute("INSERT INTO kept VALUES ($1, 'a')", 1)
        assert not connection.is_in_transaction()
        transaction = connection.transaction()
        await transaction.start()
        broken.arm(SqlState("55P03"), "INSERT", times=1)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await connection.execute("INSERT INTO kept VALUES ($1, 'a')", 2)
        assert broken.sessions == ["idle in transaction (aborted)"]
        await transaction.rollback()
        await connection.execute("INSERT INTO kept VALUES ($1, 'a')", 3)
    finally:
        await connection.close()
    assert broken.kept == ([3, 9] if cached else [3])


@pytest.mark.asyncio
async def test_asyncpg_and_an_sqlstate_at_the_end_of_many(broken: Broken) -> None:
    connection = await asyncpg.connect(broken.url())
    try:
        statement = "INSERT INTO kept VALUES ($1, $2)"
        await connection.executemany(statement, [(1, "a")])
        broken.arm(SqlState("40001"), "INSERT", times=1)
        with pytest.raises(asyncpg.SerializationError):
            await connection.executemany(statement, [(number, "x" * 1000) for number in range(2, 2000)])
        assert broken.kept == [1]
        await connection.executemany(statement, [(number, "x" * 1000) for number in range(2, 2000)])
        await connection.copy_records_to_table("kept", records=[(number, "copied") for number in range(3000, 4000)])
        assert await connection.fetchval("SELECT count(*) FROM kept") == 2999
    finally:
        await connection.close()


@pytest.mark.asyncio
async def test_asyncpg_in_a_black_hole_waits_until_its_own_timeout(broken: Broken) -> None:
    gate = broken.arm(BlackHole(), "swallowed")
    connection = await asyncpg.connect(broken.url())
    with pytest.raises(TimeoutError):
        await connection.fetchval("SELECT 1 AS swallowed", timeout=0.1)
    assert gate.struck
    connection.terminate()
    await asyncio.sleep(0)
    until(lambda: not broken.wire.connections)


@pytest.mark.asyncio
async def test_asyncpg_is_refused(broken: Broken) -> None:
    broken.arm(Refuse(), times=1)
    with pytest.raises((ConnectionError, asyncpg.PostgresConnectionError)):
        await asyncpg.connect(broken.url())
    broken.arm(Refuse(sqlstate="57P03"), times=1)
    with pytest.raises(asyncpg.CannotConnectNowError):
        await asyncpg.connect(broken.url())
