"""Lets an hour pass at once, for a client that sleeps."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def time_passes(moved: Callable[[float], None] = lambda seconds: None) -> Iterator[None]:
    """`time.sleep` and `asyncio.sleep` move `time.time` instead of waiting, and tell `moved` by how many seconds.

    `time.monotonic` and `datetime` stay as they are. Several sleepers at once share the time: a task that sleeps until
    a moment that another sleep has already reached moves nothing.
    """
    real, yields = time.time, asyncio.sleep
    lock = threading.Lock()
    ahead = 0.0

    def shift(seconds: float) -> None:
        nonlocal ahead
        if seconds > 0:
            with lock:
                ahead += seconds
                moved(seconds)

    async def sleep(delay: float, result: object = None) -> object:
        # Those that can go on now go first, as they would if this one really slept.
        until = real() + ahead + delay
        for _ in range(50 if delay > 0 else 1):
            await yields(0.001 if delay > 0 else 0)
        shift(until - real() - ahead)
        return result

    with (
        patch.object(time, "time", lambda: real() + ahead),
        patch.object(time, "sleep", shift),
        patch.object(asyncio, "sleep", sleep),
    ):
        yield
