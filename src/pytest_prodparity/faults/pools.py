"""Who made a connection: the code itself, or a pool, and whose that is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType

from ..wire.sender import OWN_THREADS
from ..wire.source import chain, tasks

POOLS = ("sqlalchemy.pool", "psycopg_pool", "asyncpg.pool", "psycopg2.pool", "django.db", "aiopg.pool")
_MADE = ("sqlalchemy.engine", "sqlalchemy.ext.asyncio", "sqlalchemy.orm", *POOLS)
_DEPTH = 60


def opened_by_pool() -> bool:
    """Is a pool about to open a connection, on any thread's stack or in any task?"""
    for thread, frame in sys._current_frames().items():  # noqa: SLF001
        if thread not in OWN_THREADS and any(_is_pool(one) for one in _outward(frame)):
            return True
    return any(_is_pool(one) for one in _waiting())


def _is_pool(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(POOLS)


def _outward(frame: FrameType) -> Iterator[FrameType]:
    at: FrameType | None = frame
    for _ in range(_DEPTH):
        if at is None:
            return
        yield at
        at = at.f_back


def _waiting() -> Iterator[FrameType]:
    if "asyncio" not in sys.modules:
        return
    for thread, frame in sys._current_frames().items():  # noqa: SLF001
        if thread in OWN_THREADS:
            continue
        for one in _outward(frame):
            if one.f_code.co_name == "run_forever" and (loop := one.f_locals.get("self")) is not None:
                for task in tasks(loop):
                    yield from chain(task)


def kept_by_code(is_code: Callable[[str], bool]) -> bool:
    """Does a module of the code under test hold an engine or a pool? `is_code` tells its files."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(module, ModuleType) and file and is_code(file) and any(map(_is_made, vars(module).values())):
            return True
    return False


def _is_made(value: object) -> bool:
    module = getattr(type(value), "__module__", "")
    return isinstance(module, str) and module.startswith(_MADE)
