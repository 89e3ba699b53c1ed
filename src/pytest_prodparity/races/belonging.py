"""Whose trip it is: the actor's own thread or task, or one that it has started, or a process."""

from __future__ import annotations

import gc
import os
import sys
import threading
from asyncio import AbstractEventLoop, Task
from collections.abc import Collection
from contextvars import Context, ContextVar
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from ..wire.frames import current_frames
from ..wire.sender import OWN_THREADS
from ..wire.source import tasks

WIRE = "prodparity wire"
ACTOR: ContextVar[int] = ContextVar("prodparity_actor")
_PROCESS = "process "
_WORKERS = ("run", "_worker", "thread_handler", "worker")
_FAR = 8
"""Generations of processes."""


class Loops(Protocol):
    """Knows the event loop of the asynchronous actors."""

    @property
    def running(self) -> AbstractEventLoop | None:
        """None as long as nobody has needed one."""


def name(index: int) -> str:
    """Of an actor's thread or task."""
    return f"actor {index + 1}"


class Belonging:
    """Of one schedule. `running` is the actor that was let go last: only it can have started what is new."""

    def __init__(self, count: int) -> None:
        self.running: int | None = None
        self.loop: Loops | None = None
        self._names = {name(index): index for index in range(count)}
        self._old = set(threading._active.values())  # type: ignore[attr-defined]  # noqa: SLF001  # enumerate() takes a lock
        self._born: dict[threading.Thread, int] = {}
        self._processes: dict[str, int | None] = {}

    def of(self, sender: str, last: int | None) -> int | None:
        """The actor; `last` is who used the connection before. None: nobody's."""
        found = self._names.get(sender)
        if found is not None:
            return found
        if not sender:
            return self.running if last is None else last
        if sender.startswith(_PROCESS):
            if sender not in self._processes:
                self._processes[sender] = self._of_process(sender)
            return self._processes[sender]
        thread = _thread(sender)
        if thread is not None:
            return self._of_thread(thread, last)
        return self._of_task(sender, last)

    def birth(self) -> None:
        """The running actor has come to rest: threads that are new are its own."""
        running = self.running
        if running is not None:
            for thread in list(threading._active.values()):  # type: ignore[attr-defined]  # noqa: SLF001
                if thread not in self._old and not _is_ours(thread):
                    self._born.setdefault(thread, running)

    def threads(self, actor: int) -> list[threading.Thread]:
        """Those that it has started, as far as they are known."""
        return [one for one, whose in list(self._born.items()) if whose == actor and one.is_alive()]

    def bystanders(self) -> list[threading.Thread]:
        """Those that are nobody's: neither an actor's nor the wire's, and not the one that asks."""
        own = threading.get_ident()
        everybody = list(threading._active.values())  # type: ignore[attr-defined]  # noqa: SLF001
        return [one for one in everybody if one.ident != own and one not in self._born and not _is_ours(one)]

    @staticmethod
    def passing(connections: Collection[int]) -> list[threading.Thread]:
        """The wire's threads of these connections."""
        names = {f"{WIRE} {number}" for number in connections}
        return [one for one in list(threading._active.values()) if one._name in names] if names else []  # type: ignore[attr-defined]  # noqa: SLF001

    def tasks(self, actor: int) -> list[Task[Any]]:
        """Those that run in its context, its own among them."""
        loop = self.loop.running if self.loop is not None else None
        return [task for task in tasks(loop) if of_task(task) == actor] if loop is not None else []

    def _of_thread(self, thread: threading.Thread, last: int | None) -> int | None:
        carried = _carried(thread.ident or 0)
        if carried is not None:
            return carried
        if thread not in self._old and self.running is not None:
            return self._born.setdefault(thread, self.running)
        return self._born.get(thread, last)

    def _of_task(self, sender: str, last: int | None) -> int | None:
        loop = self.loop.running if self.loop is not None else None
        if loop is not None:
            for task in tasks(loop):
                if task.get_name() == sender:
                    found = of_task(task)
                    return last if found is None else found
        return last

    def _of_process(self, sender: str) -> int | None:
        number = sender.removeprefix(_PROCESS)
        if not number.isdigit():
            return self.running
        line = _ancestors(int(number))
        for thread in threading.enumerate():
            actor = self._names.get(thread.name)
            if actor is not None and _waits_for(current_frames().get(thread.ident or 0), line):
                return actor
        return self.running if os.getpid() in line else None


def of_task(task: Task[Any]) -> int | None:
    """The actor in whose context a task runs: a task takes a copy of the context that it is made in."""
    if sys.version_info >= (3, 12):
        return task.get_context().get(ACTOR)
    for held in gc.get_referents(task):
        if isinstance(held, Context):
            return held.get(ACTOR)
    return None


def _carried(ident: int) -> int | None:
    """The actor in whose context a worker thread runs its call (`asyncio.to_thread`, anyio, an executor given `ctx.run`)."""
    frame: FrameType | None = current_frames().get(ident)
    while frame is not None:
        if frame.f_code.co_name in _WORKERS:
            for each in frame.f_locals.values():
                call = getattr(each, "fn", each)
                context = getattr(getattr(call, "func", call), "__self__", call)
                if isinstance(context, Context) and context.get(ACTOR) is not None:
                    return context.get(ACTOR)
        frame = frame.f_back
    return None


def _is_ours(thread: threading.Thread) -> bool:
    return thread.ident in OWN_THREADS or thread.name.startswith(("prodparity", "actor"))


def _thread(sender: str) -> threading.Thread | None:
    for thread in list(threading._active.values()):  # type: ignore[attr-defined]  # noqa: SLF001
        if thread._name == sender:  # noqa: SLF001
            return thread  # type: ignore[no-any-return]
    return None


def _ancestors(pid: int) -> list[int]:
    """The process and those that started it, up to ours."""
    line = [pid]
    for _ in range(_FAR):
        if line[-1] == os.getpid():
            break
        try:
            said = Path(f"/proc/{line[-1]}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            break
        line.append(int(said[1]))
    return line


def _waits_for(frame: FrameType | None, processes: list[int]) -> bool:
    while frame is not None:
        held = (
            frame.f_locals.get("self")
            if frame.f_code.co_filename.endswith(("subprocess.py", "popen_fork.py"))
            else None
        )
        if held is not None and getattr(held, "pid", None) in processes:
            return True
        frame = frame.f_back
    return False
