"""The same lost update by every driver: the same steps, in the same order, each time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import psycopg
import psycopg2
import psycopg_pool
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.postgres.races.conftest import Stage

Asynchronous = tuple[Callable[[int], Awaitable[int]], Callable[[], Coroutine[Any, Any, None]]]
Way = Callable[[Stage], Iterator[Callable[[int], object]]]
SELECT, UPDATE = "SELECT balance FROM account WHERE id = 1", "UPDATE account SET balance = {} WHERE id = 1"
LOST = (0, 1, 0, 0, 1, 1)


def plain(stage: Stage) -> Iterator[Callable[[int], object]]:
    def withdraw(amount: int) -> int:
        with psycopg.connect(stage.url) as connection:
            ((balance,),) = connection.execute(SELECT).fetchall()
            connection.execute("UPDATE account SET balance = %s WHERE id = 1", [balance - amount])
        return int(balance)

    yield withdraw


def pooled(stage: Stage) -> Iterator[Callable[[int], object]]:
    with psycopg_pool.ConnectionPool(stage.url, min_size=2, max_size=2, open=True) as pool:
        pool.wait()

        def withdraw(amount: int) -> int:
            with pool.connection() as connection:
                ((balance,),) = connection.execute(SELECT).fetchall()
                connection.execute("UPDATE account SET balance = %s WHERE id = 1", [balance - amount])
            return int(balance)

        yield withdraw


def pipelined(stage: Stage) -> Iterator[Callable[[int], object]]:
    def withdraw(amount: int) -> int:
        with psycopg.connect(stage.url) as connection, connection.pipeline():
            ((balance,),) = connection.execute(SELECT).fetchall()
            connection.execute("UPDATE account SET balance = %s WHERE id = 1", [balance - amount])
        return int(balance)

    yield withdraw


def second(stage: Stage) -> Iterator[Callable[[int], object]]:
    def withdraw(amount: int) -> int:
        connection = psycopg2.connect(stage.url)
        with connection, connection.cursor() as cursor:
            cursor.execute(SELECT)
            ((balance,),) = cursor.fetchall()
            cursor.execute("UPDATE account SET balance = %s WHERE id = 1", [balance - amount])
        connection.close()
        return int(balance)

    yield withdraw


def core(stage: Stage) -> Iterator[Callable[[int], object]]:
    engine = sa.create_engine(stage.url.replace("postgresql", "postgresql+psycopg"))

    def withdraw(amount: int) -> int:
        with engine.begin() as connection:
            balance = connection.execute(sa.text(SELECT)).scalar_one()
            connection.execute(sa.text(UPDATE.format(":new")), {"new": balance - amount})
        return int(balance)

    yield withdraw
    engine.dispose()


async def pooled_asyncpg(stage: Stage) -> Asynchronous:
    pool = await asyncpg.create_pool(stage.url, min_size=2, max_size=2)

    async def withdraw(amount: int) -> int:
        async with pool.acquire() as connection, connection.transaction():
            balance = await connection.fetchval(SELECT)
            await connection.execute(UPDATE.format("$1"), balance - amount)
        return int(balance)

    return withdraw, pool.close


async def plain_async(stage: Stage) -> Asynchronous:
    async def withdraw(amount: int) -> int:
        async with await psycopg.AsyncConnection.connect(stage.url) as connection:
            cursor = await connection.execute(SELECT)
            ((balance,),) = await cursor.fetchall()
            await connection.execute("UPDATE account SET balance = %s WHERE id = 1", [balance - amount])
        return int(balance)

    async def close() -> None:
        pass

    return withdraw, close


async def orm_async(stage: Stage) -> Asynchronous:
    engine = create_async_engine(stage.url.replace("postgresql", "postgresql+asyncpg"))

    async def withdraw(amount: int) -> int:
        async with engine.begin() as connection:
            balance = (await connection.execute(sa.text(SELECT))).scalar_one()
            await connection.execute(sa.text(UPDATE.format(":new")), {"new": balance - amount})
        return int(balance)

    return withdraw, engine.dispose


@pytest.mark.parametrize("way", [plain, pooled, pipelined, second, core])
def test_threads_are_led_step_by_step(stage: Stage, way: Way) -> None:
    with contextmanager(way)(stage) as withdraw:
        crew = stage.crew(lambda: withdraw(80), lambda: withdraw(70))
        crew.run(serially=(0, 1))

        runs = [stage.run(crew, *LOST) for _ in range(10)]

        assert [run.status for run in runs] == ["done"] * 10
        assert {run.order for run in runs} == {LOST}, runs[0].steps
        assert {tuple(outcome.value for outcome in run.outcomes) for run in runs} == {(100, 100)}
        assert stage.balance == 30
        assert all(run.notes == () for run in runs)
        assert {
            step.ready.source.function.rpartition(".")[2] for run in runs for step in run.steps if step.ready.source
        } == {"withdraw"}


@pytest.mark.parametrize("way", [plain_async, pooled_asyncpg, orm_async])
@pytest.mark.parametrize("given", [True, False])
def test_tasks_are_led_step_by_step(
    stage: Stage, loop: asyncio.AbstractEventLoop, given: bool,
    way: Callable[[Stage], Coroutine[Any, Any, Asynchronous]],
) -> None:  # fmt: skip
    crews: list[Callable[[int], Awaitable[int]]] = []
    crew = stage.crew(lambda: crews[0](80), lambda: crews[0](70), loop=loop if given else None)
    home = crew._loop.get()
    withdraw, close = asyncio.run_coroutine_threadsafe(way(stage), home).result(20)
    crews.append(withdraw)
    crew.run(serially=(0, 1))

    runs = [stage.run(crew, *LOST) for _ in range(10)]

    assert [run.status for run in runs] == ["done"] * 10
    assert {run.order for run in runs} == {LOST}, runs[0].steps
    assert {tuple(outcome.value for outcome in run.outcomes) for run in runs} == {(100, 100)}
    assert stage.balance == 30
    asyncio.run_coroutine_threadsafe(close(), home).result(20)
