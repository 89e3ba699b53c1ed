"""What the calls of a load wait for: a pool's connection (read from their stacks), a lock (asked of the database)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import psycopg

from ..core.findings import Source
from ..faults.pools import POOLS
from ..queries.fingerprint import masked
from ..wire.sender import OWN_THREADS
from ..wire.source import Line, Lines
from .crowd import Crowd

EVERY_S = 0.02
_HEAD = 60
_BESIDE = ("threading", "queue", "asyncio.", "concurrent.", "contextlib", "sqlalchemy.util", "asyncpg.compat")
"""Modules through which a pool waits."""
_ASK = """\
SELECT a.pid, a.query, b.pid, b.query, b.state
FROM pg_stat_activity a
CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) AS blocking (pid)
LEFT JOIN pg_stat_activity b ON b.pid = blocking.pid
WHERE a.wait_event_type = 'Lock' AND a.datname = current_database()"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolWaits:
    """Estimated from samples of the calls' stacks."""

    share: float
    """Of the calls' whole time."""
    seconds: float
    """Of all calls together."""
    calls: int
    """That were seen waiting. A wait shorter than the time between two samples may go unseen."""
    source: Source | None
    """The line that waited most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockWait:
    """Statements without the values in their texts, cut."""

    waiting: str
    blocking: str
    state: str
    """Of the session that holds the lock: `active`, `idle in transaction`, …"""
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LockWaits:
    """Estimated from samples of the server's own list of sessions."""

    share: float
    """Of the calls' whole time."""
    seconds: float
    worst: tuple[LockWait, ...]
    """By who waits for whom, the longest first."""
    unknown: str = ""
    """Why nothing can be told."""


NO_POOL_WAITS = PoolWaits(share=0.0, seconds=0.0, calls=0, source=None)
NO_LOCK_WAITS = LockWaits(share=0.0, seconds=0.0, worst=())


class Queues:
    """A thread that looks, every 20 ms, from `start` to `stop`."""

    def __init__(self, crowd: Crowd, lines: Lines, control: psycopg.Connection[Any] | None, *, since: float) -> None:
        self._crowd = crowd
        self._lines = lines
        self._control = control
        self._since = since
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prodparity stress", daemon=True)
        self._working = 0.0
        self._pool = 0.0
        self._sources: Counter[Source | None] = Counter()
        self._waited: set[tuple[int, float]] = set()
        self._locks: dict[tuple[str, str, str], float] = {}
        self._blocked = 0.0
        self._unknown = "" if control is not None else "no connection of our own could be had"

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    @property
    def pool(self) -> PoolWaits:
        """After `stop`."""
        most = self._sources.most_common(1)
        return PoolWaits(
            share=self._pool / self._working if self._working else 0.0,
            seconds=self._pool,
            calls=len(self._waited),
            source=most[0][0] if most else None,
        )

    @property
    def locks(self) -> LockWaits:
        """After `stop`."""
        worst = [
            LockWait(waiting=waiting, blocking=blocking, state=state, seconds=seconds)
            for (waiting, blocking, state), seconds in sorted(self._locks.items(), key=lambda each: -each[1])
        ]
        return LockWaits(
            share=min(1.0, self._blocked / self._working) if self._working else 0.0,
            seconds=self._blocked,
            worst=tuple(worst[:5]),
            unknown=self._unknown,
        )

    def _run(self) -> None:
        OWN_THREADS.add(threading.get_ident())
        try:
            if self._over.wait(max(0.0, self._since - time.monotonic())):
                return
            before = time.monotonic()
            while not self._over.wait(EVERY_S):
                now = time.monotonic()
                self._look(now - before)
                self._ask(now - before)
                before = now
        finally:
            OWN_THREADS.discard(threading.get_ident())

    def _look(self, passed: float) -> None:
        for actor in self._crowd.actors:
            call = actor.under_way
            if call is None:
                continue
            self._working += passed
            with contextlib.suppress(Exception):  # it changes under our eyes
                stack = self._crowd.stack(actor)
                if in_pool(stack) and actor.under_way is call:
                    self._pool += passed
                    self._waited.add((actor.number, call[1]))
                    self._sources[source(self._lines, stack)] += 1

    def _ask(self, passed: float) -> None:
        if self._control is None or self._unknown:
            return
        try:
            rows = self._control.execute(_ASK).fetchall()
        except psycopg.Error as error:
            self._unknown = f"the server could not be asked any more: {type(error).__name__}"
            return
        found = _waits(rows)
        self._blocked += passed * len(found)
        for key in found:
            self._locks[key] = self._locks.get(key, 0.0) + passed


_Key = tuple[str, str, str]


def _waits(rows: list[tuple[int, str, int, str | None, str | None]]) -> list[_Key]:
    """For each session that waits: its statement, that of who holds the lock in the end, and what that one does."""
    behind = {pid: (blocker, statement, state) for pid, _, blocker, statement, state in reversed(rows)}
    found = []
    for pid, waiting in {pid: waiting for pid, waiting, *_ in rows}.items():
        seen = {pid}
        blocker, statement, state = behind[pid]
        while blocker in behind and blocker not in seen:
            seen.add(blocker)
            blocker, statement, state = behind[blocker]
        found.append((head(waiting), head(statement), state or "unknown"))
    return found


def in_pool(stack: Iterable[FrameType]) -> bool:
    """Does it stand in a pool's queue? A pool that opens or checks a connection has the driver's frames within."""
    for frame in stack:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(_BESIDE):
            return module.startswith(POOLS) and not module.startswith("django")
    return False


def source(lines: Lines, stack: Iterable[FrameType]) -> Source | None:
    """The innermost line of the user's."""
    for frame in stack:
        found: list[Line] = []
        lines.of_frame(frame, found)
        if found:
            return found[0][0]
    return None


def head(statement: str | None) -> str:
    """Its beginning, without the values in it."""
    text = masked((statement or "a session that cannot be seen")[:2000])
    return text if len(text) <= _HEAD else f"{text[: _HEAD - 1]}…"


def blocked(control: psycopg.Connection[Any] | None) -> tuple[LockWait, ...]:
    """Who waits for whom right now."""
    if control is None:
        return ()
    with contextlib.suppress(psycopg.Error):
        return tuple(
            LockWait(waiting=waiting, blocking=blocking, state=state, seconds=0.0)
            for waiting, blocking, state in _waits(control.execute(_ASK).fetchall())
        )
    return ()


def advisory_locks(control: psycopg.Connection[Any], backends: list[int]) -> int:
    """How many of them these sessions hold."""
    row = control.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = ANY (%s)", (backends,)
    ).fetchone()
    return int(row[0]) if row else 0


def terminate(control: psycopg.Connection[Any], backends: list[int]) -> None:
    """End these sessions of the server."""
    control.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS session (pid)", (backends,))
