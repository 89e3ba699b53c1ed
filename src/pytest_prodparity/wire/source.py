"""Which lines of the user's code are on a stack: cheap enough to ask at every trip."""

from __future__ import annotations

import gc
import os
import sys
import sysconfig
from asyncio import AbstractEventLoop, Task
from enum import Enum
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, cast

from ..core.findings import Source


class _Special(Enum):
    """Files that are not the user's and whose frames lead elsewhere."""

    UNSEEN = 0
    LOOP = 1
    """asyncio: what lies below `run_forever` is not what the task waits for."""
    RUNNER = 5
    """asyncio.run: names the loop where the loop itself has no Python frames (uvloop)."""
    GREENLETS = 2
    """SQLAlchemy: `greenlet_spawn` runs synchronous code on a greenlet with a stack of its own."""
    THREADS = 3
    """asgiref (Django): `thread_handler` runs in a worker what a task waits for."""
    PYTEST = 4


_ENDINGS = {
    "/asyncio/base_events.py": _Special.LOOP,
    "/asyncio/runners.py": _Special.RUNNER,
    "/sqlalchemy/util/_concurrency_py3k.py": _Special.GREENLETS,
    "/sqlalchemy/util/concurrency.py": _Special.GREENLETS,
    "/asgiref/sync.py": _Special.THREADS,
    "/_pytest/python.py": _Special.PYTEST,
    "/_pytest/fixtures.py": _Special.PYTEST,
}
_REMEMBERED = 20_000

Line = tuple[Source, str]
"""A line of the user's, and `path:line function`."""


class Lines:
    """Finds the user's lines: under `root`, and neither installed, nor of the standard library, nor this package."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._places: dict[str, str | _Special | None] = {}
        self._lines: dict[tuple[int, int], tuple[CodeType, Line]] = {}
        package = Path(__file__).parent.parent
        paths = sysconfig.get_paths()
        foreign = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], str(package)}
        self._foreign = tuple(os.path.realpath(path) + os.sep for path in foreign)

    def of_thread(self, frame: FrameType, lines: list[Line]) -> AbstractEventLoop | None:
        """Append the user's lines of a thread's stack, innermost first.

        Ends at an event loop and returns it: below it other tasks may be meant.
        """
        places = self._places
        at: FrameType | None = frame
        while at is not None:
            code = at.f_code
            place = places.get(code.co_filename, _Special.UNSEEN)
            if place is None:
                at = at.f_back
                continue
            if place.__class__ is str:
                lines.append(self._line(at, place))
                at = at.f_back
                continue
            if place is _Special.UNSEEN:
                places[code.co_filename] = self._place(code.co_filename)
                continue
            if place is _Special.LOOP and code.co_name == "run_forever":
                return at.f_locals.get("self")
            if place is _Special.RUNNER and code.co_name == "run" and "self" in code.co_varnames:
                return getattr(at.f_locals.get("self"), "_loop", None)
            if place is _Special.PYTEST and lines:
                return None
            self._frame(at, place, lines)
            at = at.f_back
        return None

    def of_task(self, task: Task[Any], lines: list[Line]) -> None:
        """Append the user's lines of a suspended task, innermost first."""
        for frame in chain(task):
            place = self._place_of(frame)
            if place is not None:
                self._frame(frame, place, lines)

    def of_frame(self, frame: FrameType, lines: list[Line]) -> None:
        """Append the line of this very frame, if it is the user's."""
        path = self._place_of(frame)
        if isinstance(path, str):
            lines.append(self._line(frame, path))

    def of_trace(self, trace: TracebackType | None, lines: list[Line]) -> None:
        """Append the user's lines through which an exception came, innermost first."""
        found: list[Line] = []
        while trace is not None:
            path = self._place_of(trace.tb_frame)
            if isinstance(path, str):
                name = trace.tb_frame.f_code.co_qualname
                source = Source(path=path, line=trace.tb_lineno, function=name)
                found.append((source, f"{path}:{trace.tb_lineno} {name}"))
            trace = trace.tb_next
        lines.extend(reversed(found))

    def _place_of(self, frame: FrameType) -> str | _Special | None:
        name = frame.f_code.co_filename
        place = self._places.get(name, _Special.UNSEEN)
        if place is _Special.UNSEEN:
            place = self._places[name] = self._place(name)
        return place

    def _frame(self, frame: FrameType, place: str | _Special, lines: list[Line]) -> None:
        if isinstance(place, str):
            lines.append(self._line(frame, place))
        elif place is _Special.GREENLETS:
            if frame.f_code.co_name == "greenlet_spawn":
                inner = getattr(frame.f_locals.get("context"), "gr_frame", None)
                if inner is not None:
                    self.of_thread(inner, lines)
        elif place is _Special.THREADS and frame.f_code.co_name == "thread_handler":
            task = _waits_for_worker(frame)
            if task is not None:
                self.of_task(task, lines)

    def _line(self, frame: FrameType, path: str) -> Line:
        code = frame.f_code
        # Not `f_lineno`: it decodes the code's line table at every call.
        key = (id(code), frame.f_lasti)
        known = self._lines.get(key)
        if known is None:
            if len(self._lines) > _REMEMBERED:
                self._lines.clear()
            line = frame.f_lineno or code.co_firstlineno
            source = Source(path=path, line=line, function=code.co_qualname)
            # The code is kept so that its id stays its own.
            known = self._lines[key] = (code, (source, f"{path}:{line} {code.co_qualname}"))
        return known[1]

    def _place(self, name: str) -> str | _Special | None:
        if name.startswith("<"):
            return None
        plain = name.replace(os.sep, "/")
        for ending, special in _ENDINGS.items():
            if plain.endswith(ending):
                return special
        path = os.path.realpath(name)
        if not path.startswith(self._root + os.sep) or path.startswith(self._foreign):
            return None
        relative = path[len(self._root) + 1 :]
        parts = Path(relative).parts
        if "site-packages" in parts or "dist-packages" in parts:
            return None
        folder = Path(self._root)
        for part in parts[:-1]:
            folder /= part
            if (folder / "pyvenv.cfg").exists():
                return None
        return "/".join(parts)


def chain(task: Task[Any]) -> list[FrameType]:
    """The frames of a suspended task, innermost first, through coroutines, generators and async generators."""
    frames: list[FrameType] = []
    at: Any = task.get_coro()
    for _ in range(1000):
        if at is None:
            break
        frame = getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None) or getattr(at, "ag_frame", None)
        if isinstance(frame, FrameType):
            frames.append(frame)
        inner = getattr(at, "cr_await", None)
        if inner is None:
            inner = getattr(at, "gi_yieldfrom", None)
        if inner is None:
            inner = getattr(at, "ag_await", None)
        if inner is None and type(at).__name__ in (
            "async_generator_asend",
            "async_generator_athrow",
            "anext_awaitable",
        ):
            # These name what they drive nowhere but to the garbage collector.
            inner = next(
                (held for held in gc.get_referents(at) if hasattr(held, "ag_frame") or hasattr(held, "__next__")), None
            )
        at = inner
    frames.reverse()
    return frames


def _waits_for_worker(frame: FrameType) -> Task[Any] | None:
    """The task that awaits the `SyncToAsync` whose `thread_handler` this is."""
    handler, loop = frame.f_locals.get("self"), frame.f_locals.get("loop")
    if handler is None or loop is None:
        return None
    for task in tasks(loop):
        for at in chain(task):
            if at.f_code.co_name == "__call__" and at.f_locals.get("self") is handler:
                return task
    return None


def tasks(loop: AbstractEventLoop) -> list[Task[Any]]:
    """The tasks of a loop that may run in another thread; empty when it changes faster than it can be read."""
    if "asyncio" not in sys.modules:
        return []
    from asyncio import all_tasks

    try:
        return list(all_tasks(loop))
    except RuntimeError:
        return []


def awaiter(task: Task[Any], loop: AbstractEventLoop) -> Task[Any] | None:
    """The task that awaits `task`: directly, through gather, shield or wait_for, or in a TaskGroup."""
    futures = [task]
    for callback, _ in getattr(task, "_callbacks", None) or ():
        parent = getattr(getattr(callback, "__self__", None), "_parent_task", None)
        if parent is not None:
            return cast("Task[Any]", parent)
        held = [cell.cell_contents for cell in getattr(callback, "__closure__", None) or ()]
        futures += [one for one in (*held, *getattr(callback, "args", ())) if hasattr(one, "add_done_callback")]
    for other in tasks(loop):
        waits_for = getattr(other, "_fut_waiter", None)
        if other is not task and any(waits_for is future for future in futures):
            return other
    return None
