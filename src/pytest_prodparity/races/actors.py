"""The callables as they run: each in a thread of its own, or as a task of one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from types import FrameType

from ..wire.frames import current_frames
from .belonging import ACTOR, name
from .execution import Outcome
from .stalls import Park, Seen
from .throwing import throw

Call = Callable[[], object]
_STOPS_S = 5.0
_POLITE = 5
_NO_LOOP = "no running event loop"


class EndedError(Exception):
    """Raised within an actor whose schedule is over: it unwinds. (Pools put what they wait for in order at an Exception.)"""


class EndedForGoodError(BaseException):
    """The same for who has caught that, and tries again."""


class Loop:
    """The event loop of all asynchronous actors: the one given, else one in a thread of its own."""

    def __init__(self, given: asyncio.AbstractEventLoop | None) -> None:
        self._given = given
        self._own: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> asyncio.AbstractEventLoop | None:
        """None as long as nobody has needed one."""
        return self._given or self._own

    @property
    def is_here(self) -> bool:
        """Does it run in the thread that asks?"""
        try:
            return asyncio.get_running_loop() is self.running
        except RuntimeError:
            return False

    def get(self) -> asyncio.AbstractEventLoop:
        """Started, where it was not."""
        if self.running is None:
            self._own = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._own.run_forever, name="actors' event loop", daemon=True)
            self._thread.start()
        loop = self.running
        assert loop is not None
        return loop

    def turned(self, seconds: float) -> bool:
        """Has it come to its next turn within this time? It has not while a task blocks it."""
        loop = self.running
        if loop is None:
            return True
        turned = threading.Event()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.call_soon, turned.set)
        return turned.wait(seconds)

    def close(self) -> None:
        """Stop our own."""
        loop, thread = self._own, self._thread
        self._own = self._thread = None
        if loop is None or thread is None:
            return
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            asyncio.run_coroutine_threadsafe(_wind_up(), loop).result(_STOPS_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_STOPS_S)
        if not thread.is_alive():
            loop.close()


async def _wind_up() -> None:
    loop = asyncio.get_running_loop()
    others = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


class Actor:
    """One callable in one schedule. `told` is called once it is over, from its own thread."""

    def __init__(
        self, index: int, call: Call, *, loop: Loop, asynchronous: bool | None, told: Callable[[int], None]
    ) -> None:
        self.index = index
        self.name = name(index)
        self.begun = False
        self.over = False
        self.interrupted = False
        self._asked_to_end = 0
        self.value: object = None
        self.error: BaseException | None = None
        self.asynchronous = asynchronous
        """None where that is not known before it is called."""
        self.thread: threading.Thread | None = None
        self.task: asyncio.Task[None] | None = None
        self.park: Park | None = None
        """Where it rests, once it was seen twice."""
        self.seen: Seen | None = None
        self._call = call
        self._loop = loop
        self._told = told

    def start(self) -> None:
        """Begin; returns at once."""
        self.begun = True
        if self.asynchronous:
            self._as_task(self._call)
        else:
            self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self.thread.start()

    def outcome(self) -> Outcome:
        """What it came to."""
        return Outcome(value=self.value, error=self.error, finished=self.over and not self.interrupted)

    def _run(self) -> None:
        ACTOR.set(self.index)
        try:
            value = self._call()
        except BaseException as error:  # noqa: BLE001  # it is what it came to
            if isinstance(error, RuntimeError) and str(error) == _NO_LOOP:
                self._as_task(self._call)
                return
            self._end(None, error)
            return
        if inspect.isawaitable(value):
            self._as_task(lambda: value)
        else:
            self._end(value, None)

    def _as_task(self, call: Call) -> None:
        self.asynchronous = True
        loop = self._loop.get()

        def begin() -> None:
            context = copy_context()
            context.run(ACTOR.set, self.index)
            self.task = loop.create_task(self._await(call), name=self.name, context=context)

        loop.call_soon_threadsafe(begin)

    async def _await(self, call: Call) -> None:
        value: object = None
        error: BaseException | None = None
        try:
            value = call()
            if isinstance(value, Awaitable):
                value = await value
        except BaseException as raised:  # noqa: BLE001  # it is what it came to
            error, value = raised, None
        self._end(value, error)

    def _end(self, value: object, error: BaseException | None) -> None:
        _let_go(error)
        if not self.interrupted:
            self.value, self.error = value, error
        self.over = True
        self._told(self.index)

    def frame(self) -> FrameType | None:
        """Where its thread is."""
        return current_frames().get(self.thread.ident or 0) if self.thread is not None else None

    def interrupt(self) -> None:
        """Have it end: the next line that it runs raises, and a wait for a condition ends now."""
        self._asked_to_end += 1
        self.interrupted = True
        if self.task is not None:
            with contextlib.suppress(RuntimeError):
                self.task.get_loop().call_soon_threadsafe(self.task.cancel)
            return
        if self.thread is None or not self.thread.is_alive():
            return
        kind = EndedError if self._asked_to_end <= _POLITE else EndedForGoodError
        throw(self.thread.ident or 0, kind)
        frame = self.frame()
        while frame is not None:
            if frame.f_code.co_filename.endswith("threading.py") and "waiter" in frame.f_locals:
                with contextlib.suppress(RuntimeError):
                    frame.f_locals["waiter"].release()
                return
            frame = frame.f_back

    def join(self, deadline: float) -> None:
        """Until its thread is gone: it then holds nothing any more."""
        if self.thread is not None:
            self.thread.join(max(0.0, deadline - time.monotonic()))


def _let_go(error: BaseException | None) -> None:
    """An exception keeps its frames, and these what was open in them; the lines stay."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            left += [one.__cause__, one.__context__]


def call_is_asynchronous(call: Call) -> bool | None:
    """Whether it makes a coroutine; None where only a call tells."""
    return True if inspect.iscoroutinefunction(call) else None
