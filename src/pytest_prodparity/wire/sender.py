"""Who sent a trip: while the wire looks, the sender waits for the answer, so its stack says where.

No driver is patched. Most programs have one thread, which then is the sender. Among several, the kernel says which
one waits on the connection's socket (Linux), else the driver's own objects on the stacks do. In an event loop it is
the task whose driver frames hold the connection.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
import time
import weakref
from asyncio import AbstractEventLoop, Task, current_task
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ..core.findings import Source
from . import processes
from .frames import current_frames
from .source import Line, Lines, awaiter, chain, tasks
from .waiting import Waiting

OWN_THREADS: set[int] = set()
"""The wires' own threads, which are never the sender."""

_REMEMBERED = 10_000
_TRIES = 40
_AGAIN = 4
"""How often to look again where a sender is found and no line of the user's: its frames may just have changed."""
_PAUSE_S = 0.00005
_TASKS = 10
"""How far up the tasks that await one another are followed."""
_DRIVERS = (
    "/psycopg/", "/psycopg_pool/", "/asyncpg/", "/psycopg2/", "/pg8000/", "/asyncio/selector_events.py",
    "/aiohttp/", "/httpcore/", "/anyio/", "/asyncio/streams.py", "/redis/", socket.__file__.replace(os.sep, "/"),
)  # fmt: skip
_NAMES = ("self", "fileno", "conn", "connection", "con", "tr", "cursor", "pgconn")
_DEPTH = 12
"""How many frames from the innermost on may be the driver's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """`actor`: thread, task or `process PID`; `source` is None where no line of the user's waits."""

    actor: str
    source: Source | None
    stack: tuple[str, ...]


UNKNOWN = Sender(actor="", source=None, stack=())


class Peer:
    """What is known about the client's end of one connection."""

    __slots__ = ("descriptor", "foreign", "met", "port", "task", "thread")

    def __init__(self, port: int) -> None:
        self.port = port
        self.met = False
        self.descriptor = -1
        self.foreign: Sender | None = None
        self.thread = 0
        """Who sent last, to be asked first."""
        self.task: weakref.ref[Task[Any]] | None = None


class Senders:
    """Finds senders for one wire, which listens on `port`."""

    def __init__(self, root: Path, port: int) -> None:
        self._lines = Lines(root)
        self._waiting = Waiting()
        self._port = port
        self._drivers: dict[str, bool] = {}
        self._senders: dict[tuple[str, tuple[str, ...]], Sender] = {}

    def close(self) -> None:
        """Release what is held of the kernel."""
        self._waiting.close()

    def find(self, peer: Peer) -> Sender:
        """Who waits for this connection's answer right now. Never raises."""
        if not peer.met:
            peer.met = True
            self._meet(peer)
        if peer.foreign is not None:
            return peer.foreign
        found: Sender | None = None
        again = _AGAIN
        for attempt in range(_TRIES):
            if attempt:
                # The sender may still be on its way from send to wait.
                time.sleep(_PAUSE_S)
            # Other threads change under our eyes, and a trip without a line beats none.
            with contextlib.suppress(Exception):
                found = self._look(peer) or found
            if found is not None:
                again -= 1
                if found.source is not None or not again:
                    return found
        return found or UNKNOWN

    def _look(self, peer: Peer) -> Sender | None:
        frames = current_frames()
        try:
            others = frames.keys() - OWN_THREADS
            if len(others) == 1:
                (ident,) = others
                lines: list[Line] = []
                loop = self._lines.of_thread(frames[ident], lines)
                if loop is None:
                    return self._sender(_name(ident), lines)
                found = self._in_loop(peer, loop, frames[ident], lines)
                if found is not None:
                    return found
        finally:
            # Else this frame holds itself and the user's objects until a garbage collection.
            frames.clear()
        for ident in sorted(others, key=peer.thread.__ne__):
            if self._waits(ident, peer):
                peer.thread = ident
                return self._blocked(ident)
        return self._by_objects(peer)

    def _sender(self, actor: str, lines: list[Line]) -> Sender:
        stack = tuple([text for _, text in lines])
        known = self._senders.get((actor, stack))
        if known is None:
            if len(self._senders) >= _REMEMBERED:
                self._senders.clear()
            known = Sender(actor=actor, source=lines[0][0] if lines else None, stack=stack)
            self._senders[actor, stack] = known
        return known

    def _waits(self, ident: int, peer: Peer) -> bool | None:
        thread = threading._active.get(ident)  # type: ignore[attr-defined]  # noqa: SLF001  # enumerate() takes a lock
        native = getattr(thread, "native_id", None)
        return self._waiting.on(native, peer.descriptor) if native is not None else None

    def _blocked(self, ident: int) -> Sender | None:
        frames = current_frames()  # now that it waits: those from before may have ended
        try:
            lines: list[Line] = []
            loop = self._lines.of_thread(frames[ident], lines)
            task = current_task(loop) if loop is not None else None
            return self._sender(_name(ident) if task is None else task.get_name(), lines)
        finally:
            frames.clear()

    def _by_objects(self, peer: Peer) -> Sender | None:
        frames = current_frames()
        try:
            for ident in sorted(frames.keys() - OWN_THREADS, key=peer.thread.__ne__):
                lines: list[Line] = []
                frame = frames[ident]
                loop = self._lines.of_thread(frame, lines)
                found = None
                if loop is not None:
                    found = self._in_loop(peer, loop, frame, lines)
                elif self._holds(_outward(frame), peer):
                    found = self._sender(_name(ident), lines)
                if found is not None:
                    peer.thread = ident
                    return found
        finally:
            frames.clear()
        return None

    def _in_loop(self, peer: Peer, loop: AbstractEventLoop, frame: FrameType, lines: list[Line]) -> Sender | None:
        if self._holds(_outward(frame), peer):
            # A step of the sending task has not come to its wait yet, or blocks.
            running = current_task(loop)
            return self._awaited(running, loop, lines) if running is not None else None
        last = peer.task() if peer.task is not None else None
        found = last if last is not None and not last.done() and self._holds(chain(last), peer) else None
        if found is None:
            found = next((task for task in tasks(loop) if task is not last and self._holds(chain(task), peer)), None)
        if found is None:
            return None
        peer.task = weakref.ref(found)
        self._lines.of_task(found, lines := [])
        return self._awaited(found, loop, lines)

    def _awaited(self, task: Task[Any], loop: AbstractEventLoop, lines: list[Line]) -> Sender:
        """With the lines of the tasks that await `task`: who gathers is to a task what a caller is to a function."""
        seen = task
        for _ in range(_TASKS):
            above = awaiter(seen, loop)
            if above is None:
                break
            self._lines.of_task(above, lines)
            seen = above
        self._beneath(seen, loop, lines)
        return self._sender(task.get_name(), lines)

    def _beneath(self, task: Task[Any], loop: AbstractEventLoop, lines: list[Line]) -> None:
        """With the lines that wait in `asyncio.run` for this very task: they called it as a function is called."""
        thread = getattr(loop, "_thread_id", None)
        frame = current_frames().get(thread) if thread is not None else None
        while frame is not None and not (
            frame.f_code.co_name == "run_until_complete" and frame.f_locals.get("future") is task
        ):
            frame = frame.f_back
        while frame is not None and str(frame.f_globals.get("__name__")).startswith("asyncio."):
            frame = frame.f_back
        if frame is not None:
            self._lines.of_thread(frame, lines)

    def _holds(self, frames: Iterable[FrameType], peer: Peer) -> bool:
        """Whether one of the innermost frames is the driver's, at work on this connection."""
        for frame in itertools.islice(frames, _DEPTH):
            code = frame.f_code
            known = self._drivers.get(code.co_filename)
            if known is None:
                plain = code.co_filename.replace(os.sep, "/")
                known = self._drivers[code.co_filename] = any(driver in plain for driver in _DRIVERS)
            if known:
                for name in _NAMES:
                    if name in code.co_varnames and _descriptor(name, frame.f_locals.get(name)) == peer.descriptor:
                        return True
        return False

    def _meet(self, peer: Peer) -> None:
        """Find the client's own end of the connection among this process's descriptors, or the process that has it."""
        peer.descriptor = processes.descriptor(peer.port, self._port)
        if peer.descriptor < 0:
            actor = processes.owner(peer.port, self._port) or processes.ANOTHER
            peer.foreign = Sender(actor=actor, source=None, stack=())


def _name(ident: int) -> str:
    thread = threading._active.get(ident)  # type: ignore[attr-defined]  # noqa: SLF001
    return thread._name if thread is not None else f"thread {ident}"  # noqa: SLF001  # `name` asserts first


def _outward(frame: FrameType) -> Iterator[FrameType]:
    at: FrameType | None = frame
    while at is not None:
        yield at
        at = at.f_back


def _descriptor(name: str, value: Any) -> int | None:
    """The socket of whatever a driver's local variable is: a connection, a cursor, a transport, a number."""
    if value is None:
        return None
    if name == "fileno":
        return value if isinstance(value, int) else None
    try:
        if isinstance(value, socket.socket):
            return value.fileno()
        for path in _PATHS:
            at = value
            for step in path:
                at = getattr(at, step, None)
                if at is None:
                    break
            else:
                if isinstance(at, int):
                    return at
                if callable(at):
                    found = at("socket") if path[-1] == "get_extra_info" else at()
                    if isinstance(found, int):
                        return found
                    if found is not None:
                        return int(found.fileno())
    except Exception:  # noqa: BLE001  # a closed connection raises whatever its driver likes
        return None
    return None


_PATHS = (
    ("pgconn", "socket"),
    ("_pgconn", "socket"),
    ("_sock_fd",),
    ("_transport", "get_extra_info"),
    ("_connection", "_transport", "get_extra_info"),
    ("_conn", "pgconn", "socket"),
    ("get_extra_info",),
    ("transport", "get_extra_info"),
    ("_writer", "get_extra_info"),
    ("_sock", "fileno"),
    ("_transport", "_transport", "get_extra_info"),
    ("_usock", "fileno"),
    ("connection", "fileno"),
    ("fileno",),
)
"""psycopg's connection and cursor, asyncpg's connection and statement, asyncio's transport and streams, aiohttp, httpcore, redis."""
