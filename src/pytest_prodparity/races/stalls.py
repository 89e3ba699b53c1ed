"""What an actor does that neither sends nor is over: it computes, it sleeps, or it waits for a pool or a lock.

A thread is parked when the kernel shows it in the same call twice, a task when it waits for the same future.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

from ..core.findings import Source
from ..wire.frames import current_frames
from ..wire.source import Line, Lines, chain
from ..wire.waiting import Waiting

if TYPE_CHECKING:
    from asyncio import Task

On = Literal["pool", "lock", "sleep", "unknown"]

_FUTEX, _SLEEPS = {"x86_64": (202, (35, 230)), "aarch64": (98, (101, 115))}.get(platform.machine(), (-1, ()))
_REALTIME, _OPERATION, _WAIT = 256, 127, 0
_NANOSLEEP = (35, 101)
"""Relative, unlike clock_nanosleep with its flag."""
_TURN_S = 0.02
"""A wait that ends so soon may be for the interpreter's own lock."""
_POOLS = ("/psycopg_pool/", "/sqlalchemy/pool/", "/asyncpg/pool.py", "/psycopg2/pool.py")
_LOCKS = ("/threading.py", "/queue.py", "/asyncio/locks.py", "/asyncio/queues.py", "/concurrent/futures/")
_PROCESSES = ("/subprocess.py", "/multiprocessing/popen_fork.py")
_JOINS = ("/asyncio/tasks.py", "/asyncio/taskgroups.py")
_DEEP = 14


@dataclass(frozen=True, slots=True)
class Park:
    """Where a thread or a task rests. Equal as long as it is the same rest."""

    mark: tuple[object, ...]
    kind: Literal["lock", "sleep", "join", "other"]
    """`join`: for a task of its own, which then is looked at; `other`: a socket, a file, a process."""
    until: float | None = None
    """`time.monotonic()` at which it ends by itself, where that is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A first look, for a second one to be compared with."""

    park: Park
    around: tuple[Park, ...] | None
    """The process's other threads; None where one of them ran."""
    since: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The same in words."""

    on: On
    where: str
    """`psycopg_pool.getconn`, or the function that waits."""
    source: Source | None = None
    owner: int = 0
    """The thread that holds the lock, where Python says."""


class Parks:
    """Looks at threads and tasks. Threads in detail on Linux; elsewhere by their frames alone."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._waiting = Waiting()

    def close(self) -> None:
        """Release what is held of the kernel."""
        self._waiting.close()

    def thread(self, thread: threading.Thread) -> Park | None:
        """Where it rests; None while it runs, or is over."""
        if thread.native_id is None or thread.ident is None:
            return None
        call = self._waiting.call(thread.native_id)
        if call is None:
            return self._by_frames(thread.ident)
        if not call or len(call) < 9:
            return None
        number, first, second, third, fourth = call[:5]
        if number == _FUTEX:
            until = self._until(second, fourth) if fourth else None
            if until is not None and until - time.monotonic() < _TURN_S and not self._in_lock(thread.ident):
                return None
            return Park((call, until), "lock", until)
        if number in _SLEEPS:
            absolute = number not in _NANOSLEEP and second & 1
            at = self._waiting.time(first if number in _NANOSLEEP else third)
            if at is not None and not absolute:
                at += time.monotonic()
            return Park((call, at if absolute else None), "sleep", at)
        return Park((call,), "other")

    def _until(self, operation: int, address: int) -> float | None:
        at = self._waiting.time(address)
        if at is None or operation & _OPERATION == _WAIT:  # relative: since when cannot be seen
            return None
        return at - time.time() + time.monotonic() if operation & _REALTIME else at

    def _in_lock(self, ident: int) -> bool:
        frame = current_frames().get(ident)
        return frame is not None and _plain(frame).endswith(_LOCKS[:2])

    def _by_frames(self, ident: int) -> Park | None:
        frame = current_frames().get(ident)
        if frame is None:
            return None
        inner = [at for at, _ in zip(_outward(frame), range(_DEEP), strict=False)]
        mark = tuple((id(at), at.f_lasti) for at in inner)
        files = [_plain(at) for at in inner]
        if files[0].endswith(_LOCKS[:2]):
            return Park(mark, "lock")
        return Park(mark, "other")

    @staticmethod
    def task(task: Task[Any]) -> Park | None:
        """Where it rests; None while it can run, or is over."""
        waits = getattr(task, "_fut_waiter", None)
        if task.done() or waits is None or waits.done():
            return None
        frames = chain(task)
        file = _plain(frames[0]) if frames else ""
        if file.endswith("/asyncio/tasks.py") and frames[0].f_code.co_name == "sleep":
            return Park((waits,), "sleep", _wakes(task, waits))
        if hasattr(waits, "get_coro") or type(waits).__name__ == "_GatheringFuture" or file.endswith(_JOINS):
            return Park((waits,), "join")
        if file.endswith(_LOCKS) or any(pool in _plain(at) for pool in _POOLS[:1] for at in frames[:_DEEP]):
            return Park((waits,), "lock")
        return Park((waits,), "other")

    def of_thread(self, thread: threading.Thread) -> Told:
        """In words."""
        frame = current_frames().get(thread.ident or 0)
        lines: list[Line] = []
        if frame is not None:
            self._lines.of_thread(frame, lines)
        found = self._tell(list(_outward(frame)) if frame is not None else [], lines)
        park = self.thread(thread)
        if park is not None and park.kind == "sleep":
            return Told(on="sleep", where="time.sleep", source=found.source)
        if found.on == "lock" and park is not None and park.kind == "other":
            return replace(found, on="unknown")
        return found

    @staticmethod
    def awaits_a_process(thread: threading.Thread) -> bool:
        """It has started one, and waits for its end or for what it says."""
        frame = current_frames().get(thread.ident or 0)
        return frame is not None and any(_plain(at).endswith(_PROCESSES) for at in _outward(frame))

    def of_task(self, task: Task[Any]) -> Told:
        """In words."""
        lines: list[Line] = []
        self._lines.of_task(task, lines)
        found = self._tell(chain(task), lines)
        park = self.task(task)
        if park is not None and park.kind == "sleep":
            return Told(on="sleep", where="asyncio.sleep", source=found.source)
        if found.on == "lock" and park is not None and park.kind == "other":
            return replace(found, on="unknown")
        return found

    @staticmethod
    def _tell(frames: list[FrameType], lines: list[Line]) -> Told:
        source = lines[0][0] if lines else None
        for frame in frames[:_DEEP]:
            file = _plain(frame)
            pool = next((one for one in _POOLS if one in file), None)
            if pool is not None:
                outer = [at for at in frames[:_DEEP] if pool in _plain(at)]
                name = pool.strip("/").removesuffix(".py").replace("/", ".")
                return Told(on="pool", where=f"{name}.{outer[-1].f_code.co_name}", source=source)
        for frame in frames[:2]:
            file = _plain(frame)
            if file.endswith(_LOCKS):
                where = f"{file.rpartition('/')[2].removesuffix('.py')}.{frame.f_code.co_qualname}"
                return Told(on="lock", where=where, source=source, owner=_owner(frame))
        where = frames[0].f_code.co_qualname if frames else "unknown"
        return Told(on="lock" if frames else "unknown", where=where, source=source, owner=_owner(*frames[:1]))


def _owner(*frames: FrameType) -> int:
    """The thread that holds the reentrant lock which the innermost frame has in its hands."""
    for frame in frames:
        for value in frame.f_locals.values():
            lock = getattr(value, "_lock", value) if type(value).__name__ == "Condition" else value
            said = repr(lock) if type(lock).__name__ == "RLock" else ""
            if said.startswith("<locked") and "owner=" in said:
                return int(said.partition("owner=")[2].split()[0])
    return 0


def _plain(frame: FrameType) -> str:
    return frame.f_code.co_filename.replace(os.sep, "/")


def _outward(frame: FrameType) -> Iterable[FrameType]:
    at: FrameType | None = frame
    while at is not None:
        yield at
        at = at.f_back


def _wakes(task: Task[Any], future: object) -> float | None:
    """When the loop's own timer sets this future."""
    loop = task.get_loop()
    if "uvloop" in type(loop).__module__ or sys.modules.get("asyncio") is None:
        return None
    for handle in list(getattr(loop, "_scheduled", ())):
        if any(each is future for each in getattr(handle, "_args", None) or ()):
            return time.monotonic() + float(handle.when()) - loop.time()
    return None
