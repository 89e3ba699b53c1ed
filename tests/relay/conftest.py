"""One shop and one set of proxies for each test; afterwards nothing of them is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_prodparity.relay.relays import Relays
from tests.relay.serving import Shop, shop


@pytest.fixture
def relays() -> Iterator[Relays]:
    made = Relays(Path(__file__).parent)
    yield made
    made.close()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("prodparity proxy")]
    assert left == []


@pytest.fixture
def service() -> Iterator[Shop]:
    with shop() as server:
        yield server


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait for a condition."""

    def wait(true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not true():
            assert time.monotonic() < deadline, "it did not come"
            time.sleep(0.002)

    return wait
