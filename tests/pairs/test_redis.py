"""redis-py up to 4.5.3, asyncio: a command that is cancelled leaves its answer to the next one (CVE-2023-28859).

On loopback the answer is there before anybody cancels. Under production's latency it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.project import Project

PROGRAM = """\
import asyncio


class Prices:
    def __init__(self, client):
        self.client = client

    async def price(self, name):
        return (await self.client.get(f"price:{name}")).decode()

    async def quick(self, name, patience):
        try:
            return await asyncio.wait_for(self.price(name), patience)
        except TimeoutError:
            return None
"""

TESTS = """\
import asyncio
import os

import pytest
import redis
from prices import Prices
from pytest_prodparity import Latency
from redis.asyncio import Redis


def run(url):
    async def main():
        client = Redis.from_url(url)
        prices = Prices(client)
        await client.mset({"price:tea": "3", "price:cake": "5"})
        given_up = await prices.quick("tea", 0.01)
        found = given_up, await prices.price("cake")
        closing = getattr(client, "aclose", client.close)
        await closing()
        return found

    return asyncio.run(main())


def test_on_loopback(parity_proxy):
    assert redis.__version__ == os.environ["WANTED"]
    given_up, cake = run(parity_proxy(os.environ["REDIS_URL"]))
    assert given_up in ("3", None)  # a busy machine may be slow too


def test_under_30_ms(parity_proxy):
    url = parity_proxy(os.environ["REDIS_URL"], latency=Latency(ms=30))
    assert run(url) == (None, "5")
    assert ("GET",) in [trip.statements for trip in url.trips]
"""


@pytest.mark.parametrize(("version", "failed"), [("4.5.1", 1), ("4.5.5", 0)])
def test_a_cancelled_command_under_latency(
    project: Callable[[Mapping[str, str]], Project],
    release: Callable[..., Path],
    redis_url: str,
    version: str,
    failed: int,
) -> None:
    environment = {
        "PYTHONPATH": str(release(f"redis=={version}", "async-timeout")),
        "REDIS_URL": redis_url,
        "WANTED": version,
    }
    result = project({"prices.py": PROGRAM, "test_prices.py": TESTS}).run(environment=environment)
    assert result.outcomes == ({"failed": 1, "passed": 1} if failed else {"passed": 2}), result.out
    if failed:
        assert "AssertionError: assert (None, '3') == (None, '5')" in result.out
