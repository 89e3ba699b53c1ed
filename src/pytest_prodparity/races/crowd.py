"""The actors of a load: threads, or tasks of one event loop, that make the same call again and again."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import sys
import threading
import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from ..wire.frames import current_frames
from ..wire.source import chain
from .pacing import Pace
from .throwing import throw

Met = Callable[[BaseException], int]
"""What an exception is filed under; 0 is kept for none."""


class Actor:
    """One of them, and what its calls came to."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.times = array("d")
        """Three numbers a call that is over: when it was due, began, ended."""
        self.filed = array("l")
        """For each, what its exception is filed under; 0: it ended well."""
        self.under_way: tuple[float, float] | None = None
        """When the call was due and began."""
        self.over = False
        self.given_up = False
        """Its call is being ended from outside: what it comes to counts no more."""

    def ended(self, due: float, began: float, filed: int) -> None:
        """Its call has ended just now."""
        if not self.given_up:
            self.times.extend((due, began, time.monotonic()))
            self.filed.append(filed)
        self.under_way = None


class EndedError(BaseException):
    """Thrown into a call that did not end by itself."""


class Crowd(ABC):
    """Begins on `start`; each actor stops by itself when its pace has nothing more."""

    def __init__(self, call: Callable[[int], Any], actors: int, pace: Pace, met: Met) -> None:
        self.actors = tuple([Actor(number) for number in range(actors)])
        self.halted = threading.Event()
        self._call = call
        self._pace = pace
        self._met = met
        self._changed = threading.Condition()

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def stack(self, actor: Actor) -> list[FrameType]:
        """Where it stands, innermost first; empty where it is over, or changes too fast."""

    def stacks(self) -> Iterator[tuple[Actor, tuple[float, float], list[FrameType]]]:
        """Of all whose call is under way, with when it was due and began."""
        for actor in self.actors:
            call = actor.under_way
            if call is not None:
                yield actor, call, self.stack(actor)

    @abstractmethod
    def throw(self) -> None:
        """End the calls that are under way, as far as that can be done from outside."""

    def wait(self, until: float) -> bool:
        """Until all are over, at most until then (`time.monotonic()`); whether they are."""
        with self._changed:
            return self._changed.wait_for(
                lambda: all(actor.over for actor in self.actors), max(0.0, until - time.monotonic())
            )

    def late(self) -> list[Actor]:
        """Those that are not over."""
        return [actor for actor in self.actors if not actor.over]

    def _file(self, actor: Actor, error: BaseException) -> int:
        return 0 if actor.given_up else self._met(error)

    def _is_over(self, actor: Actor) -> None:
        with self._changed:
            actor.over = True
            self._changed.notify_all()


class Threads(Crowd):
    """Of a synchronous call. Each thread has a copy of the context in which it was made."""

    def __init__(self, call: Callable[[int], Any], actors: int, pace: Pace, met: Met) -> None:
        super().__init__(call, actors, pace, met)
        self.awaitable: Any = None
        """What a call gave back that is to be awaited: this is the wrong crowd."""
        self._threads = {
            actor.number: threading.Thread(
                target=contextvars.copy_context().run,
                args=(self._work, actor),
                name=f"actor {actor.number + 1}",
                daemon=True,
            )
            for actor in self.actors
        }

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads.values():
            thread.start()

    def stack(self, actor: Actor) -> list[FrameType]:
        """Of its thread."""
        frame = current_frames().get(self._threads[actor.number].ident or 0)
        return list(outward(frame)) if frame is not None else []

    def stacks(self) -> Iterator[tuple[Actor, tuple[float, float], list[FrameType]]]:
        """As above; the interpreter is asked once for all."""
        frames = current_frames()
        try:
            for actor in self.actors:
                call = actor.under_way
                if call is not None:
                    yield actor, call, list(outward(frames.get(self._threads[actor.number].ident or 0)))
        finally:
            frames.clear()

    def throw(self) -> None:
        """At their next line of Python: a thread that waits for a lock or sleeps does not come to one."""
        for actor in self.late():
            if actor.under_way is None:
                continue
            ident = self._threads[actor.number].ident
            if ident is not None:
                throw(ident, EndedError)

    def _work(self, actor: Actor) -> None:
        try:
            with contextlib.suppress(EndedError):
                try:
                    while self._again(actor):
                        pass
                finally:
                    _let_go()
        finally:
            self._is_over(actor)

    def _again(self, actor: Actor) -> bool:
        due = self._pace.due() if not self.halted.is_set() else None
        if due is None or (due > time.monotonic() and self.halted.wait(due - time.monotonic())):
            return False
        began = time.monotonic()
        actor.under_way = due, began
        filed = 0
        try:
            given = self._call(actor.number)
            if inspect.isawaitable(given):
                self.awaitable = given
                return False
        except EndedError:
            return False
        except Exception as error:  # noqa: BLE001  # whatever the call raises is counted
            filed = self._file(actor, error)
        except BaseException as error:  # noqa: BLE001  # it wants to end everything: `pytest.fail`, `sys.exit`
            filed = self._file(actor, error)
            self.halted.set()
        actor.ended(due, began, filed)
        return True


class Tasks(Crowd):
    """Of a call that is to be awaited. `loop` runs in another thread."""

    def __init__(
        self,
        call: Callable[[int], Any],
        actors: int,
        pace: Pace,
        met: Met,
        *,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(call, actors, pace, met)
        self._loop = loop
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Make the tasks."""
        context = contextvars.copy_context()
        self._loop.call_soon_threadsafe(self._begin, context)

    def _begin(self, context: contextvars.Context) -> None:
        for actor in self.actors:
            self._tasks[actor.number] = self._loop.create_task(
                self._work(actor), name=f"actor {actor.number + 1}", context=context.copy()
            )

    def stack(self, actor: Actor) -> list[FrameType]:
        """Of its task; where the loop stands still in it, of the loop's thread."""
        task = self._tasks.get(actor.number)
        if task is None or task.done():
            return []
        if asyncio.current_task(self._loop) is task:
            frame = current_frames().get(getattr(self._loop, "_thread_id", None) or 0)
            return list(outward(frame)) if frame is not None else []
        found: list[FrameType] = []
        for frame in chain(task):
            inner = getattr(frame.f_locals.get("context"), "gr_frame", None)
            if frame.f_code.co_name == "greenlet_spawn" and inner is not None:
                found += outward(inner)
            found.append(frame)
        return found

    def throw(self) -> None:
        """Cancel the tasks."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _work(self, actor: Actor) -> None:
        try:
            while await self._again(actor):
                # A call that never waits would keep the others from their turn.
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            pass
        finally:
            self._is_over(actor)

    async def _again(self, actor: Actor) -> bool:
        due = self._pace.due() if not self.halted.is_set() else None
        if due is None:
            return False
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if self.halted.is_set():
            return False
        began = time.monotonic()
        actor.under_way = due, began
        filed = 0
        try:
            given = self._call(actor.number)
            if inspect.isawaitable(given):
                await given
        except Exception as error:  # noqa: BLE001  # whatever the call raises is counted
            filed = self._file(actor, error)
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            filed = self._file(actor, error)
            if not isinstance(error, asyncio.CancelledError):
                self.halted.set()
        actor.ended(due, began, filed)
        return True


class LoopThread:
    """An event loop of its own, in a thread, for asynchronous calls of a synchronous test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="the actors' loop", daemon=True)
        self._thread.start()

    def close(self, within: float = 2.0) -> bool:
        """Cancel what runs in it, and end it; whether that was done."""
        deadline = time.monotonic() + within
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._clear(), self.loop).result(within)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(max(0.1, deadline - time.monotonic()))
        if self._thread.is_alive():
            return False
        self.loop.close()
        return True

    async def _clear(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()


def outward(frame: FrameType | None) -> Iterator[FrameType]:
    """A stack, innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _let_go() -> None:
    """Django keeps a connection for each thread, and nobody closes it when the thread ends."""
    django = sys.modules.get("django.db")
    if django is not None:
        with contextlib.suppress(Exception):
            django.connections.close_all()
