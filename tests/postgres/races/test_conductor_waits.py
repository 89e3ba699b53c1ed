"""Who waits for what: row locks, deadlocks, pools, Python's locks, sleeps, and those that never come back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import asyncpg
import psycopg
import psycopg_pool
import pytest
import sqlalchemy as sa
from psycopg_pool import ConnectionPool

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.races.execution import Execution
from tests.postgres.races.conftest import Listed, Stage

ADD = "UPDATE account SET balance = balance + 1 WHERE id = %s"


def both(url: str, first: int, second: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(ADD, [first])
        connection.execute(ADD, [second])


def test_a_deadlock_is_ended_by_the_database_and_its_victim_is_always_the_last_to_wait(stage: Stage) -> None:
    crew = stage.crew(lambda: both(stage.url, 1, 2), lambda: both(stage.url, 2, 1))

    runs = [stage.run(crew, 0, 1, 0, 1) for _ in range(10)]

    assert [run.status for run in runs] == ["done"] * 10
    assert [[outcome.sqlstate for outcome in run.outcomes] for run in runs] == [[None, "40P01"]] * 10
    assert {run.order for run in runs} == {(0, 1, 0, 1, 0)}
    assert all(run.steps[2].waited_for == (1,) for run in runs)
    assert max(run.seconds for run in runs) < 0.5  # a whole second of the server's own would be waited for


def test_a_connection_from_before_the_race_has_its_deadlocks_ended_as_soon(stage: Stage) -> None:
    kept = [psycopg.connect(stage.url) for _ in range(2)]

    def change(index: int, *ids: int) -> None:
        with kept[index].transaction():
            for number in ids:
                kept[index].execute(ADD, [number])

    crew = stage.crew(lambda: change(0, 1, 2), lambda: change(1, 2, 1))

    runs = [stage.run(crew, 0, 1, 0, 1) for _ in range(5)]

    assert [[outcome.sqlstate for outcome in run.outcomes] for run in runs] == [[None, "40P01"]] * 5
    assert max(run.seconds for run in runs) < 0.5
    for connection in kept:
        connection.close()
    crew.close()
    stage.crews.clear()
    ((timeout,),) = stage.past("SHOW deadlock_timeout")
    assert timeout == "1s"


def test_of_three_that_want_one_row_each_gets_it(stage: Stage) -> None:
    crew = stage.crew(*[lambda: both(stage.url, 1, 2)] * 3)

    runs = [stage.run(crew, 0, 1, 2, 0, 0) for _ in range(10)]

    assert [run.status for run in runs] == ["done"] * 10
    assert all(run.order[:5] == (0, 1, 2, 0, 0) for run in runs)
    assert all([outcome.error for outcome in run.outcomes] == [None] * 3 for run in runs)
    assert stage.balance == 103


@pytest.fixture
def single(stage: Stage) -> Iterator[ConnectionPool]:
    with psycopg_pool.ConnectionPool(stage.url, min_size=1, max_size=1, open=True) as pool:
        pool.wait()
        yield pool


def test_who_waits_for_the_pool_goes_on_when_the_other_is_done(stage: Stage, single: ConnectionPool) -> None:
    def change() -> None:
        with single.connection() as connection:
            connection.execute(ADD, [1])

    crew = stage.crew(change, change)

    runs = [stage.run(crew, 0, 0, 1, 1, strict=True) for _ in range(10)]

    assert [run.status for run in runs] == ["done"] * 10
    assert stage.balance == 102
    assert runs[0].choices[0].enabled[0].actor == 0
    assert len(runs[0].choices[0].enabled) == 1


def test_a_pool_that_is_checked_out_twice_is_a_deadlock_and_the_next_schedule_runs(
    stage: Stage, single: ConnectionPool
) -> None:
    def nested() -> None:
        with single.connection() as outer:
            outer.execute(ADD, [1])
            with single.connection() as inner:
                inner.execute(ADD, [2])

    def once() -> None:
        with single.connection() as connection:
            connection.execute(ADD, [1])

    crew = stage.crew(nested, once)

    for _ in range(2):
        execution = stage.run(crew, 0)

        assert execution.status == "deadlock"
        assert [(one.actor, one.on, one.holders) for one in execution.waiting] == [(0, "pool", (0,)), (1, "pool", (0,))]
        assert execution.waiting[0].said == "waits in psycopg_pool.connection; the only connection is held by actor 1"
        assert execution.waiting[0].source is not None
        assert execution.waiting[0].source.function.endswith("nested")
        assert [outcome.finished for outcome in execution.outcomes] == [False, False]
        assert execution.seconds < 3
    assert stage.balance == 100


def test_a_pool_and_a_row_can_be_one_deadlock(stage: Stage, single: ConnectionPool) -> None:
    def through_the_pool(number: int) -> None:
        with single.connection() as connection:
            connection.execute(ADD, [number])

    def on_its_own() -> None:
        with psycopg.connect(stage.url) as connection:
            connection.execute(ADD, [1])
            through_the_pool(2)

    crew = stage.crew(lambda: through_the_pool(1), on_its_own)

    execution = stage.run(crew, 1, 0)

    assert execution.status == "deadlock"
    assert {(one.actor, one.on, one.holders) for one in execution.waiting} == {(0, "database", (1,)), (1, "pool", (0,))}
    assert stage.balance == 100
    assert stage.run(crew, 0, 0, 1, 1, 1, 1).status == "done"


def test_sqlalchemys_pool_is_known_too(stage: Stage) -> None:
    engine = sa.create_engine(stage.url.replace("postgresql", "postgresql+psycopg2"), pool_size=1, max_overflow=0)

    def nested() -> None:
        with engine.begin() as outer:
            outer.execute(sa.text("UPDATE account SET balance = 0 WHERE id = 1"))
            with engine.begin() as inner:
                inner.execute(sa.text("UPDATE account SET balance = 0 WHERE id = 2"))

    crew = stage.crew(nested, nested)

    execution = stage.run(crew)

    assert execution.status == "deadlock"
    assert {one.on for one in execution.waiting} == {"pool"}
    assert "sqlalchemy.pool" in execution.waiting[0].said
    engine.dispose()


def test_asyncpgs_pool_is_known_too(stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
    pool = asyncio.run_coroutine_threadsafe(_pool(stage), loop).result(20)

    async def nested() -> None:
        async with pool.acquire() as outer, outer.transaction():
            await outer.execute("UPDATE account SET balance = 0 WHERE id = 1")
            async with pool.acquire() as inner:
                await inner.execute("UPDATE account SET balance = 0 WHERE id = 2")

    crew = stage.crew(nested, nested, loop=loop)

    for _ in range(2):
        execution = stage.run(crew)

        assert execution.status == "deadlock"
        assert {(one.actor, one.on) for one in execution.waiting} == {(0, "pool"), (1, "pool")}
    assert stage.balance == 100
    asyncio.run_coroutine_threadsafe(pool.close(), loop).result(20)


async def _pool(stage: Stage) -> asyncpg.Pool:
    return await asyncpg.create_pool(stage.url, min_size=1, max_size=1)


def test_a_lock_of_python_is_waited_for_and_can_be_half_of_a_deadlock(stage: Stage) -> None:
    lock = threading.RLock()

    def lock_first() -> None:
        with lock, psycopg.connect(stage.url) as connection:
            connection.execute(ADD, [1])

    def row_first() -> None:
        with psycopg.connect(stage.url) as connection:
            connection.execute(ADD, [1])
            with lock:
                connection.execute(ADD, [2])

    crew = stage.crew(lock_first, row_first)

    fine = stage.run(crew, 0, 0, 1, 1, 1)
    stuck = stage.run(crew, 1, 0)

    assert fine.status == "done"
    assert stuck.status == "deadlock"
    assert {(one.actor, one.on, one.holders) for one in stuck.waiting} == {(0, "database", (1,)), (1, "lock", (0,))}


def test_a_short_sleep_does_not_make_the_order_chance(stage: Stage) -> None:
    def sleepy() -> None:
        with psycopg.connect(stage.url) as connection:
            connection.execute(ADD, [1])
            time.sleep(0.05)
            connection.execute(ADD, [2])

    crew = stage.crew(sleepy, lambda: both(stage.url, 3, 3))

    runs = [stage.run(crew, 0, 0, 1, 0, 1, 1, strict=True) for _ in range(5)]

    assert [run.status for run in runs] == ["done"] * 5


def test_a_long_sleep_is_waited_for_when_nobody_else_can_go(stage: Stage) -> None:
    def sleepy() -> None:
        time.sleep(0.6)
        both(stage.url, 1, 2)

    async def sleepy_task() -> None:
        await asyncio.sleep(0.6)
        connection = await asyncpg.connect(stage.url)
        await connection.execute("UPDATE account SET balance = 0 WHERE id = 3")
        await connection.close()

    crew = stage.crew(sleepy, lambda: both(stage.url, 1, 2), sleepy_task)

    execution = stage.run(crew, 1, 1, 1)

    assert execution.status == "done"
    assert execution.order[:3] == (1, 1, 1)


def test_an_actor_that_spins_is_stuck_and_is_ended(stage: Stage) -> None:
    go_on = True

    def spin() -> None:
        while go_on:
            pass

    crew = stage.crew(spin, lambda: both(stage.url, 1, 2), patience=0.5)

    execution = stage.run(crew)

    assert execution.status == "stuck"
    assert execution.waiting[0].said == "still runs, in test_an_actor_that_spins_is_stuck_and_is_ended.<locals>.spin"
    assert execution.waiting[0].source is not None
    assert [outcome.finished for outcome in execution.outcomes] == [False, False]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("actor")]


def test_an_actor_that_cannot_be_ended_is_named_and_nothing_more_is_run(stage: Stage) -> None:
    door = threading.Event()

    def shut() -> None:
        lock = threading.Lock()
        lock.acquire()
        while not door.is_set():
            lock.acquire(timeout=20)

    def opened() -> None:
        pass

    crew = stage.crew(lambda: time.sleep(4.5), opened, patience=0.5)

    execution = stage.run(crew)

    assert execution.status == "stuck"
    assert [(one.on, one.actor) for one in execution.waiting] == [("sleep", 0)]
    assert execution.notes[0].startswith("actor 1 could not be ended, in ")
    with pytest.raises(ProdparityError, match="actor 1 of the last one still runs"):
        stage.run(crew)


def test_an_actor_that_never_talks_is_over(stage: Stage) -> None:
    crew = stage.crew(lambda: 42, lambda: both(stage.url, 1, 2))

    execution = stage.run(crew)

    assert execution.status == "done"
    assert execution.order == (1, 1, 1)
    assert execution.outcomes[0].value == 42


def test_an_exception_is_an_outcome(stage: Stage) -> None:
    def fails() -> None:
        with psycopg.connect(stage.url) as connection:
            connection.execute("INSERT INTO account VALUES (1, 0)")

    crew = stage.crew(fails, fails)

    execution = stage.run(crew)

    assert execution.status == "done"
    assert [outcome.sqlstate for outcome in execution.outcomes] == ["23505", "23505"]
    assert execution.steps[0].sqlstate == "23505"
    assert execution.notes == ()


def test_two_connections_of_one_actor_can_be_in_each_others_way(stage: Stage) -> None:
    def twice() -> None:
        with psycopg.connect(stage.url) as first, psycopg.connect(stage.url) as second:
            first.execute(ADD, [1])
            second.execute(ADD, [1])

    crew = stage.crew(twice, lambda: both(stage.url, 2, 3))

    execution = stage.run(crew)

    assert execution.status == "deadlock"
    assert [(one.actor, one.on, one.holders) for one in execution.waiting] == [(0, "database", (0,))]
    assert [step.ready.connection for step in execution.steps if step.actor == 0] == [1, 3]


def test_who_is_held_up_by_nobody_of_the_race_is_stuck_and_the_culprit_is_named(stage: Stage) -> None:
    with psycopg.connect(stage.server.dsn("races_first"), application_name="elsewhere") as other:
        other.execute("UPDATE account SET balance = 77777 WHERE id = 1")
        crew = stage.crew(lambda: both(stage.url, 1, 2), lambda: None, patience=0.5)

        execution = crew.run(Listed())

        assert execution.status == "stuck"
        assert [(one.actor, one.on, one.holders) for one in execution.waiting] == [(0, "database", (-1,))]
        said = execution.waiting[0].said
        assert (
            f"process {other.info.backend_pid} of the server (elsewhere), last query UPDATE account SET balance" in said
        )
        assert "77777" not in said
        other.rollback()


def test_who_leaves_in_the_middle_of_a_transaction_rolls_back_in_a_step_of_its_own(stage: Stage) -> None:
    def leaves() -> None:
        connection = psycopg.connect(stage.url)
        connection.execute(ADD, [1])
        connection.close()

    crew = stage.crew(leaves, lambda: both(stage.url, 1, 2))

    blocked = stage.run(crew, 0, 1, 0, 1, 1)
    free = stage.run(crew, 0, 0, 1, 1, 1, strict=True)

    assert blocked.order == (0, 1, 0, 1, 1)
    assert blocked.steps[1].waited_for == (0,)
    assert blocked.steps[2].ready.statements == ("ROLLBACK",)
    assert free.status == "done"
    assert stage.balance == 101


def test_a_transaction_that_is_left_open_is_said_and_ended(stage: Stage) -> None:
    kept = [psycopg.connect(stage.url)]

    def forgets() -> None:
        kept[0].execute(ADD, [1])

    crew = stage.crew(forgets, lambda: None)

    execution = stage.run(crew)

    assert execution.status == "done"
    assert execution.notes == ("actor 1 left a transaction open; its connection was closed",)
    stage.again()
    kept[0].close()


PROGRAM = """
import sys, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    connection.execute("UPDATE account SET balance = balance + 1 WHERE id = 1")
"""


def test_a_subprocess_is_its_callers(stage: Stage) -> None:
    def start() -> None:
        subprocess.run([sys.executable, "-c", PROGRAM, stage.url], check=True)

    crew = stage.crew(start, lambda: both(stage.url, 1, 2))

    execution = stage.run(crew, 1, 0, 1, 1, 0)

    assert execution.status == "done"
    assert execution.order == (1, 0, 1, 1, 0)
    assert execution.steps[1].waited_for == (1,)
    assert stage.balance == 102


def test_threads_and_tasks_that_an_actor_starts_are_its_own(stage: Stage) -> None:
    def in_a_thread() -> None:
        thread = threading.Thread(target=both, args=(stage.url, 1, 2))
        thread.start()
        thread.join()

    async def in_a_worker() -> None:
        await asyncio.to_thread(both, stage.url, 1, 2)

    async def gathered() -> None:
        async def one(number: int) -> None:
            connection = await asyncpg.connect(stage.url)
            await connection.execute("UPDATE account SET balance = balance + 1 WHERE id = $1", number)
            await connection.close()

        await asyncio.gather(one(1), one(2))

    crew = stage.crew(in_a_thread, in_a_worker, gathered)

    execution = stage.run(crew, 0, 1, 0, 0, 1, 1)

    assert execution.status == "done"
    assert sorted(execution.order) == [0, 0, 0, 1, 1, 1, 2, 2]
    assert execution.notes == ()
    assert stage.balance == 103


def test_a_director_that_gives_up_has_the_schedule_come_to_its_end(stage: Stage) -> None:
    crew = stage.crew(lambda: both(stage.url, 1, 2), lambda: both(stage.url, 1, 2))

    execution: Execution = stage.run(crew, 0, 0, strict=True)

    assert execution.status == "diverged"
    assert all(outcome.finished for outcome in execution.outcomes)
    assert stage.balance == 102


def test_the_level_of_each_transaction_is_known(stage: Stage) -> None:
    def levels() -> None:
        with psycopg.connect(stage.url) as connection:
            connection.execute("SELECT 1 FROM account")
            connection.commit()
            connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            connection.execute("SELECT 1 FROM account")
            connection.commit()
        with psycopg.connect(stage.url, options="-c default_transaction_isolation=repeatable\\ read") as connection:
            connection.execute("SELECT 1 FROM account")

    crew = stage.crew(levels)

    execution = stage.run(crew)

    found = [step.ready.isolation for step in execution.steps if step.ready.statements != ("COMMIT",)]
    assert found == ["read committed", "serializable", "repeatable read"]


def test_the_server_tells_what_a_step_has_locked(stage: Stage) -> None:
    def insert() -> None:
        with psycopg.connect(stage.url) as connection:
            connection.execute("SELECT * FROM account")
            connection.execute("INSERT INTO entry (account, note) VALUES (1, 'x')")

    crew = stage.crew(insert, footprints=True)

    execution = stage.run(crew)

    assert execution.steps[0].reads == {"public.account"}
    assert execution.steps[0].writes == frozenset()
    assert execution.steps[1].writes >= {"public.account", "public.entry"}
