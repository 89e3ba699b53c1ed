"""A database under load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.crowd import LoopThread
from tests.postgres.races.stress.loading import Loading, database, loading


@pytest.fixture(scope="module", autouse=True)
def _made(server: Server) -> Iterator[None]:
    with database(server):
        yield


@pytest.fixture
def load(server: Server) -> Iterator[Loading]:
    with loading(server) as found:
        yield found


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One that outlives the load, as the loop of an asynchronous test does."""
    thread = LoopThread()
    yield thread.loop
    assert thread.close()


@pytest.fixture
def one(load: Loading, loop: asyncio.AbstractEventLoop) -> Iterator[asyncpg.Pool]:
    """A pool of one connection."""

    async def make() -> Any:
        return await asyncpg.create_pool(load.dsn, min_size=1, max_size=1)

    pool = asyncio.run_coroutine_threadsafe(make(), loop).result(10)
    yield pool
    asyncio.run_coroutine_threadsafe(pool.close(), loop).result(10)
