"""parity_stress: what is found."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time

import asyncpg
import psycopg
import pytest
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine, text

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.measured import Stress
from tests.postgres.races.stress.loading import DATABASE, QUICK, Loading, add, loading, rules
from tests.postgres.wire.watching import line, until


def crosswise(load: Loading, number: int) -> None:
    first, second = (1, 2) if number % 2 else (2, 1)
    with psycopg.connect(load.dsn + QUICK) as connection:
        connection.execute("UPDATE account SET balance = balance + 1 WHERE id = %s", (first,))
        connection.execute("UPDATE account SET balance = balance + 1 WHERE id = %s", (second,))  # second


def test_a_deadlock_that_nobody_tries_again_is_found(load: Loading) -> None:
    stressed = load(lambda number: crosswise(load, number), actors=2, seconds=0.5)
    (found,) = stressed.findings
    assert found.rule == "deadlock"
    assert f"of {stressed.done + sum(stressed.errors.values()):,} calls ended in a deadlock" in found.title
    assert str(found.source) == f"test_stress_found.py:{line('second')}"
    assert found.statement == "UPDATE account SET balance = balance + … WHERE id = $1"
    assert found.subject == "account"
    assert list(stressed.errors) == ["DeadlockDetected (40P01)"]
    assert stressed.deadlocks >= stressed.errors["DeadlockDetected (40P01)"] > 0
    assert stressed.failure is None


def test_a_deadlock_that_is_tried_again_is_counted_and_not_found(load: Loading) -> None:
    def call(number: int) -> None:
        while True:
            try:
                return crosswise(load, number)
            except psycopg.errors.DeadlockDetected:
                continue

    stressed = load(call, seconds=0.5)
    assert stressed.deadlocks > 0
    assert not stressed.errors
    assert not stressed.findings


def test_what_is_allowed_is_counted_and_not_found(load: Loading) -> None:
    class SoldOutError(Exception):
        pass

    def call(number: int) -> None:
        crosswise(load, number)
        if number == 1:
            raise SoldOutError

    stressed = load(call, seconds=0.5, allow=(SoldOutError, psycopg.errors.DeadlockDetected))
    assert stressed.errors.keys() == {"SoldOutError", "DeadlockDetected (40P01)"}
    assert not stressed.findings
    assert stressed.failure is None


def test_a_serialization_failure_that_nobody_tries_again_is_found_behind_what_it_became(load: Loading) -> None:
    engine = create_engine(load.url, isolation_level="SERIALIZABLE")

    def call() -> None:
        with engine.begin() as connection:
            connection.execute(text("SELECT sum(balance) FROM account"))
            connection.execute(text("UPDATE account SET balance = balance + 1 WHERE id = 1"))

    stressed = load(call)
    engine.dispose()
    assert rules(stressed) == ["not-serializable"]
    assert "nobody tried again" in stressed.findings[0].title
    assert list(stressed.errors) == ["OperationalError (40001)"]


def test_a_pool_that_runs_out_is_found(load: Loading) -> None:
    engine = create_engine(load.url, pool_size=1, max_overflow=0, pool_timeout=0.1)

    def call() -> None:
        with engine.connect(), engine.connect():  # twice
            pass

    stressed = load(call, actors=2)
    engine.dispose()
    assert rules(stressed) == ["pool-exhausted"]
    assert str(stressed.findings[0].source) == f"test_stress_found.py:{line('twice')}"
    assert "got no connection from the pool" in stressed.findings[0].title


def test_psycopgs_pool_that_runs_out_is_found(load: Loading) -> None:
    with ConnectionPool(load.dsn, min_size=1, max_size=1, timeout=0.1, open=True) as pool:

        def call() -> None:
            with pool.connection(), pool.connection():
                pass

        stressed = load(call, actors=2)
    assert rules(stressed) == ["pool-exhausted"]


@pytest.mark.parametrize("by", ["the pool", "the caller"])
def test_asyncpgs_pool_that_runs_out_is_found(
    load: Loading, loop: asyncio.AbstractEventLoop, one: asyncpg.Pool, by: str
) -> None:
    async def call() -> None:
        async with one.acquire():
            if by == "the pool":
                await one.acquire(timeout=0.1)
            else:
                async with asyncio.timeout(0.1):
                    await one.acquire()

    assert rules(load(call, actors=2, loop=loop)) == ["pool-exhausted"]


def test_a_pool_in_which_all_wait_for_ever_is_found(load: Loading) -> None:
    engine = create_engine(load.url, pool_size=2, max_overflow=0, pool_timeout=2)

    def call() -> None:
        with engine.connect(), engine.connect():  # twice each
            pass

    stressed = load(call, patience=0.3)
    (found,) = stressed.findings
    assert found.rule == "pool-exhausted"
    assert "4 of " in found.title
    assert "waited for a connection of the pool until they were ended" in found.title
    assert found.details["waiting"] == {f"test_stress_found.py:{line('twice each')}": 4}
    assert stressed.hung == 4
    until(lambda: not any(thread.name.startswith("actor ") for thread in threading.enumerate()))
    engine.dispose()


def test_a_server_without_connections_is_found(server: Server) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS few")
        admin.execute("CREATE ROLE few LOGIN PASSWORD 'secret' CONNECTION LIMIT 2")
        try:
            with loading(server, role="few") as load:

                def call() -> None:
                    with psycopg.connect(load.dsn) as connection:
                        connection.execute("SELECT pg_sleep(0.05)")

                stressed = load(call, actors=5)
            (found,) = stressed.findings
            assert found.rule == "pool-exhausted"
            assert "the server has no more" in found.title
        finally:
            admin.execute("DROP ROLE few")


def test_a_call_that_hangs_is_told_by_its_line_and_hung_up(load: Loading) -> None:
    begun = itertools.count()

    def call() -> None:
        with psycopg.connect(load.dsn) as connection:
            if next(begun):
                connection.execute("UPDATE account SET balance = 1 WHERE id = 1")  # waits

    with load.owner() as owner, owner.transaction():
        owner.execute("UPDATE account SET balance = 2 WHERE id = 1")
        started = time.monotonic()
        stressed = load(call, actors=3, patience=0.3)
        assert time.monotonic() - started < 5
    (found,) = stressed.findings
    assert found.rule == "hang"
    assert "3 of 4 calls did not come back" in found.title
    assert str(found.source) == f"test_stress_found.py:{line('waits')}"
    assert found.details["lock"].endswith("UPDATE account SET balance = … WHERE id = … (idle in transaction)")
    assert stressed.hung == 3
    assert stressed.latency.calls == 3
    assert stressed.latency.p50 > 0.3
    assert not stressed.errors
    until(lambda: not load.wire.connections)
    assert load.balance(1) == 2


def test_a_task_that_hangs_is_cancelled(load: Loading) -> None:
    async def call(number: int) -> None:
        async with await psycopg.AsyncConnection.connect(load.dsn) as connection:
            await connection.execute("SELECT 1")
            if number == 1:
                await asyncio.Event().wait()  # never

    stressed = load(call, patience=0.3)
    assert rules(stressed) == ["hang"]
    assert str(stressed.findings[0].source) == f"test_stress_found.py:{line('never')}"
    assert not any("background" in note for note in stressed.notes)


def test_a_first_call_that_hangs_is_all_there_is(load: Loading) -> None:
    stressed = load(lambda: threading.Event().wait(0.6), patience=0.2)
    assert rules(stressed) == ["hang"]
    assert any("there was no load" in note for note in stressed.notes)


@pytest.mark.parametrize("answer", [True, None])
def test_an_invariant_that_holds_finds_nothing(load: Loading, answer: bool | None) -> None:
    seen: list[Stress] = []

    def invariant(stressed: Stress) -> bool | None:
        seen.append(stressed)
        return answer

    stressed = load(lambda: add(load.dsn), invariant=invariant)
    assert not stressed.findings
    assert seen[0].done == load.balance(1)


def test_an_invariant_that_does_not_hold_is_found_with_its_assertion(load: Loading) -> None:
    def lost() -> None:
        with psycopg.connect(load.dsn) as connection:
            row = connection.execute("SELECT balance FROM account WHERE id = 1").fetchone()
            connection.execute("UPDATE account SET balance = %s WHERE id = 1", (row[0] + 1,) if row else ())

    def invariant(stressed: Stress) -> None:
        assert load.balance(1) == stressed.done  # lost

    stressed = load(lost, invariant=invariant)
    (found,) = stressed.findings
    assert found.rule == "invariant-broken"
    assert str(found.source) == f"test_stress_found.py:{line('lost')}"
    assert found.details["assertion"] == "assert load.balance(1) == stressed.done  # lost"
    assert stressed.failure is None


def test_an_asynchronous_invariant_is_awaited(load: Loading) -> None:
    async def invariant() -> bool:
        await asyncio.sleep(0)
        return False

    assert rules(load(lambda: add(load.dsn), invariant=invariant)) == ["invariant-broken"]


def test_an_invariant_that_fails_otherwise_is_the_failure(load: Loading) -> None:
    stressed = load(lambda: add(load.dsn), invariant=lambda: 1 / 0)
    assert isinstance(stressed.failure, ZeroDivisionError)
    assert stressed.failure.__notes__ == ["parity_stress: raised by the invariant, after the load."]
    assert not stressed.findings


def test_the_calls_own_failure_is_given_back_with_counts(load: Loading) -> None:
    def call(number: int) -> None:
        add(load.dsn)
        if number == 2:
            raise ValueError("no such item")

    stressed = load(call, invariant=lambda: False)
    assert isinstance(stressed.failure, ValueError)
    total = stressed.done + stressed.errors["ValueError"]
    said = f"{stressed.errors['ValueError']:,} of {total:,} calls failed by themselves"
    assert said in stressed.failure.__notes__[0]
    assert not stressed.findings


def test_a_first_call_that_fails_is_all_there_is(load: Loading) -> None:
    stressed = load(lambda: 1 / 0)
    assert isinstance(stressed.failure, ZeroDivisionError)
    assert stressed.failure.__notes__[1] == "parity_stress: the first call, alone, failed: there was no load."
    assert stressed.errors == {"ZeroDivisionError": 1}


def test_what_wants_to_end_everything_ends_it(load: Loading) -> None:
    calls = itertools.count()

    def call() -> None:
        if next(calls) > 5:
            raise SystemExit(3)
        add(load.dsn)

    started = time.monotonic()
    stressed = load(call, seconds=30)
    assert time.monotonic() - started < 10
    assert isinstance(stressed.failure, SystemExit)


def test_the_text_of_no_exception_gets_out(load: Loading) -> None:
    def call() -> None:
        with psycopg.connect(load.dsn) as connection:
            connection.execute("INSERT INTO account VALUES (%s, 0)", (1,))

    stressed = load(call, allow=psycopg.errors.UniqueViolation)
    assert stressed.errors.keys() == {"UniqueViolation (23505)"}
    assert "(id)" not in str(stressed)
    assert DATABASE not in str(stressed)
