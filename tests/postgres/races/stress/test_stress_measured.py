"""parity_stress: what is measured."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.races.measured import Stress
from pytest_prodparity.races.stress import here_or_awaited
from tests.postgres.races.stress.loading import Loading, add
from tests.postgres.wire.watching import Watched, line


def test_every_call_is_done_and_counted(load: Loading) -> None:
    stressed = load(lambda: add(load.dsn))
    assert load.balance(1) == stressed.done >= stressed.calls > 0
    latency = stressed.latency
    assert 0 < latency.p50 <= latency.p90 <= latency.p99 <= latency.p999 <= latency.max
    assert latency.calls == stressed.calls == len(stressed.labels)
    assert stressed.throughput > 0
    assert not stressed.errors
    assert not stressed.findings
    assert "closed" in latency.measured


def test_what_it_came_to_fits_fifteen_lines(load: Loading) -> None:
    stressed = load(lambda: add(load.dsn), invariant=lambda: False)
    said = str(stressed)
    assert len(said.splitlines()) <= 15
    assert said.startswith("4 actors (each calls again when it is done), 0.3 s: ")
    assert "latency   p50 " in said
    assert "invariant-broken  the invariant does not hold after" in said


def test_at_a_rate_a_call_counts_from_when_it_was_due(load: Loading) -> None:
    with psycopg.connect(load.dsn, autocommit=True) as connection:
        stressed = load(lambda: connection.execute("SELECT pg_sleep(0.02)"), actors=1, rate=100, seconds=0.5)
    assert stressed.service.p50 < 0.1
    assert stressed.latency.p50 > 2 * stressed.service.p50
    assert stressed.unstarted > 0
    assert "calls that were due never began: 100 a second is too much" in str(stressed)
    assert "whether or not" in stressed.latency.measured


def test_a_rate_that_can_be_kept_is_kept(load: Loading) -> None:
    with psycopg.connect(load.dsn, autocommit=True) as connection:
        stressed = load(lambda: connection.execute("SELECT 1"), rate=40, seconds=1)
    assert 15 <= stressed.calls <= 80
    assert stressed.unstarted == 0


def test_a_call_may_take_the_actors_number(load: Loading) -> None:
    load(lambda number: add(load.dsn, number + 1))
    assert all(load.balance(number + 1) > 0 for number in range(4))


def test_asynchronous_calls_are_tasks_of_one_loop(load: Loading) -> None:
    loops = set()
    threads = set()

    async def call(number: int) -> None:
        loops.add(asyncio.get_running_loop())
        threads.add(threading.get_ident())
        connection = await asyncpg.connect(load.dsn)
        try:
            await connection.execute("UPDATE account SET balance = balance + 1 WHERE id = $1", number + 1)
        finally:
            await connection.close()

    stressed = load(call)
    assert sum(load.balance(number + 1) for number in range(4)) == stressed.done > 4
    assert len(loops) == len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_gives_back_an_awaitable_is_asynchronous(load: Loading) -> None:
    async def buy(account: int) -> None:
        async with await psycopg.AsyncConnection.connect(load.dsn) as connection:
            await connection.execute("UPDATE account SET balance = balance + 1 WHERE id = %s", (account,))

    stressed = load(lambda: buy(1))
    assert load.balance(1) == stressed.done > 1


def test_in_an_asynchronous_test_it_is_awaited_and_uses_the_tests_own_loop(load: Loading) -> None:
    async def test() -> Stress:
        pool = await asyncpg.create_pool(load.dsn, min_size=1, max_size=2)
        try:
            begun = here_or_awaited(lambda **given: load(lambda: pool.fetchval("SELECT 1"), **given))
            assert not isinstance(begun, Stress)
            return await begun
        finally:
            await pool.close()

    stressed = asyncio.run(test())
    assert stressed.done > 1
    assert stressed.left.connections == 1  # the second of the pool
    assert not stressed.errors


def test_where_a_loop_runs_it_is_refused_with_the_way_to_write_it(load: Loading) -> None:
    async def test() -> None:
        load(lambda: None)

    with pytest.raises(UsageError, match=r"would stand still\.\nTo fix: await parity_stress"):
        asyncio.run(test())


def test_rules_are_told_of_the_first_call_only(load: Loading) -> None:
    watched = Watched(load.wire, load.wire.resolve()[1])
    stressed = load(lambda: add(load.dsn), actors=2)
    assert stressed.done > 2
    assert len([trip for trip in watched.trips if any("UPDATE" in each.sql for each in trip.statements)]) == 1
    assert load.wire.taps == [watched]
    assert load.wire.asks_who


def test_calls_that_send_nothing_are_said_to(load: Loading) -> None:
    pause = threading.Event()
    stressed = load(lambda: pause.wait(0.01))
    assert any("sent nothing through parity_db" in note for note in stressed.notes)


def test_the_time_in_a_pools_queue_is_told_with_its_line(load: Loading) -> None:
    engine = create_engine(load.url, pool_size=1, max_overflow=0)

    def call() -> None:
        with engine.connect() as connection:  # queues
            connection.execute(text("SELECT pg_sleep(0.02)"))

    stressed = load(call)
    engine.dispose()
    assert stressed.pool_waits.share > 0.4
    assert stressed.pool_waits.calls >= 3
    assert str(stressed.pool_waits.source) == f"test_stress_measured.py:{line('queues')}"
    assert "in a pool's queue  test_stress_measured.py" in str(stressed)
    assert not stressed.findings


def test_the_time_in_psycopgs_pool_is_told(load: Loading) -> None:
    with ConnectionPool(load.dsn, min_size=1, max_size=1, open=True) as pool:

        def call() -> None:
            with pool.connection() as connection:
                connection.execute("SELECT pg_sleep(0.02)")

        stressed = load(call)
    assert stressed.pool_waits.share > 0.4


def test_the_time_of_tasks_in_asyncpgs_pool_is_told(
    load: Loading, loop: asyncio.AbstractEventLoop, one: asyncpg.Pool
) -> None:
    async def call() -> None:
        async with one.acquire() as connection:  # acquires
            await connection.execute("SELECT pg_sleep(0.02)")

    stressed = load(call, loop=loop)
    assert stressed.pool_waits.share > 0.4
    assert str(stressed.pool_waits.source) == f"test_stress_measured.py:{line('acquires')}"


def test_the_time_of_tasks_in_sqlalchemys_pool_is_told(load: Loading, loop: asyncio.AbstractEventLoop) -> None:
    engine = create_async_engine(load.dsn.replace("postgresql:", "postgresql+asyncpg:"), pool_size=1, max_overflow=0)

    async def call() -> None:
        async with engine.connect() as connection:  # connects
            await connection.execute(text("SELECT pg_sleep(0.02)"))

    stressed = load(call, loop=loop)
    asyncio.run_coroutine_threadsafe(engine.dispose(), loop).result(10)
    assert stressed.pool_waits.share > 0.4
    assert str(stressed.pool_waits.source) == f"test_stress_measured.py:{line('connects')}"


def test_a_wait_for_a_lock_is_told_with_what_holds_it(load: Loading) -> None:
    def call() -> None:
        with psycopg.connect(load.dsn) as connection:
            connection.execute("UPDATE account SET balance = balance + 7 WHERE id = 1")
            connection.execute("SELECT pg_sleep(0.03)")

    stressed = load(call)
    worst = stressed.lock_waits.worst[0]
    assert stressed.lock_waits.share > 0.3
    assert worst.waiting == "UPDATE account SET balance = balance + … WHERE id = …"
    assert worst.blocking in ("SELECT pg_sleep(…)", worst.waiting)
    assert f"behind {worst.blocking}" in str(stressed)


def test_what_is_left_is_told(load: Loading) -> None:
    kept: list[psycopg.Connection[Any]] = []
    lock = threading.Lock()

    def call() -> None:
        with lock:
            if kept:
                return
            connection = psycopg.connect(load.dsn)  # opened
            kept.append(connection)
        connection.execute("SELECT pg_advisory_lock(1)")

    stressed = load(call)
    assert stressed.left.connections == stressed.left.transactions == stressed.left.advisory_locks == 1
    assert [str(each) for each in stressed.left.where] == [f"test_stress_measured.py:{line('opened')}"]
    assert "left      1 connection, 1 open transaction, 1 advisory lock" in str(stressed)
    kept[0].close()
