"""One run of a test that is watched from the wire: its trips, how it ended, what it changed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.outcomes import OutcomeException

from ..core.delta import Delta
from ..core.errors import ProdparityError
from ..databases.delta.sequences import shift_apart
from ..faults.gates import Armed, Learning, Trail
from ..faults.oracle import Raised, Request
from ..faults.places import Places
from ..relay.trip import HttpTrip, ServiceTrip
from ..session import Session
from ..wire.connection import Open
from ..wire.processes import is_another

SETTLE_S = 5.0
"""Seconds for what is under way to end once the faults are lifted."""
GRACE_S = 2.0
"""Seconds for code to end by itself once its connections are gone; then it is interrupted, again and again."""
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")
"""Methods that may be sent again (RFC 9110, 9.2.2)."""


class Expired(BaseException):
    """The code would not have ended; raised within it, past `except Exception`."""


class Run:
    """`watching` surrounds the call; the rest is there afterwards."""

    def __init__(
        self, session: Session, item: pytest.Function, places: Places, gate: Learning | Armed | None, *, deadline: float
    ) -> None:
        self.gate = gate
        self.raised: Raised | None = None
        self.delta: Delta | None = None
        self.start = Delta()
        """What the test's fixtures had changed."""
        self.seconds = 0.0
        self.expired = False
        self.waited = False
        """It waited for an answer when it expired."""
        self.quiet = False
        """Nothing passed the wire for long then."""
        self.called = False
        self.trips = 0
        """With services; of the run that counts with the database, too."""
        self.sent: list[Request] = []
        """What services were asked to do."""
        self.leaks: tuple[str, ...] = ()
        self.stuck = False
        """A connection that the code keeps from run to run was left in a transaction."""
        self.shifts = False
        """Sequences go on later in this run."""
        self._session = session
        self._item = item
        self._places = places
        self._deadline = deadline
        self._active = False

    @property
    def passed(self) -> bool:
        """It came to the end of its call, and that was a good one."""
        return self.called and self.raised is None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The call."""
        session, isolation = self._session, self._session.isolation
        if self.shifts:
            shift_apart(session.owner_dsn())
        if isinstance(self.gate, Learning):
            self.start = isolation.delta()
        if self.gate is not None:
            self._know(self.gate.trail)
        timer = threading.Timer(self._deadline, self._expire)
        timer.daemon = True
        began = time.monotonic()
        self._active = True
        session.arm(self.gate)
        with self.hearing(), _interruptible(self):
            timer.start()
            try:
                yield
            except (KeyboardInterrupt, pytest.exit.Exception):
                raise
            except BaseException as error:
                self.raised = _raised(error, self._item, self._places)
                raise
            finally:
                self._active = False
                timer.cancel()
                self.seconds = time.monotonic() - began
                self.called = True
                session.lift(time.monotonic() + SETTLE_S, standing=True)
                self.stuck = self.raised is not None and any(map(self._is_stuck, session.wire.connections))
                with suppress(ProdparityError):
                    self.delta = isolation.delta()

    @contextmanager
    def hearing(self) -> Iterator[None]:
        """Of services, what they are asked."""
        taps = self._session.relays.taps
        taps.append(self)
        try:
            yield
        finally:
            taps.remove(self)

    def trip(self, trip: ServiceTrip) -> None:
        """As a tap of the proxies."""
        self.trips += 1
        if isinstance(trip, HttpTrip) and trip.applied and trip.method not in SAFE:
            self.sent.append(Request(f"{trip.method} {trip.path}", trip.idempotency_key, trip.digest))

    def _is_stuck(self, one: Open) -> bool:
        """Does the code keep this connection, in a transaction that nobody will end?"""
        if one.since >= self._session.isolation.begun:
            return False
        if is_another(one.actor):
            return one.state == "E"  # what is in a transaction may be at work, after its answer
        return one.state in ("T", "E") and bool(one.stack) and self._places.under_test(one.stack)

    def _know(self, trail: Trail) -> None:
        """Connections that the test's set-up opened, or somebody before it."""
        since = self._session.isolation.begun
        for one in self._session.wire.connections:
            trail.know(one.number, one.stack, older=one.since < since, actor=one.actor)

    def _expire(self) -> None:
        """In the timer's thread: lift all faults; code that goes on is interrupted."""
        wire = self._session.wire
        if not self._active:
            return
        self.expired = True
        self.waited = any(one.busy for one in wire.connections)
        asked = self.gate.trail.asked if self.gate is not None else []
        self.quiet = bool(asked) and time.monotonic() - asked[-1].at > self._deadline / 2
        self._session.lift(time.monotonic())
        until = time.monotonic() + GRACE_S
        main = threading.main_thread().ident
        while self._active and main is not None:
            time.sleep(0.05)
            if time.monotonic() > until and hasattr(signal, "pthread_kill"):
                until = time.monotonic() + GRACE_S
                signal.pthread_kill(main, signal.SIGURG)

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """SIGURG's handler."""
        if self._active and self.expired:
            raise Expired


@contextmanager
def _interruptible(run: Run) -> Iterator[None]:
    """A signal that is ignored by default ends what the main thread does, a sleep in C included."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGURG"):
        yield
        return
    before = signal.signal(signal.SIGURG, run.interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGURG, before)


def _raised(error: BaseException, item: pytest.Function, places: Places) -> Raised:
    """What can be said of an exception without its text, which may quote rows."""
    kind = type(error)
    module = kind.__module__.partition(".")[0]
    name = kind.__qualname__ if module in ("builtins", "_pytest", "__main__") else f"{module}.{kind.__qualname__}"
    sqlstate = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(sqlstate, str):
        name += f" ({sqlstate})"
    line = 0
    stack: list[str] = []
    trace, test, root = error.__traceback__, str(item.path), f"{item.config.rootpath}{os.sep}"
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == test:
            line = trace.tb_lineno
        if code.co_filename.startswith(root) and "site-packages" not in code.co_filename:
            path = Path(code.co_filename).relative_to(root).as_posix()
            stack.insert(0, f"{path}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    asserted = isinstance(error, AssertionError | OutcomeException) and not (stack and places.under_test(stack))
    return Raised(name=name, asserted=asserted, line=line)


def position(root: Path) -> list[str]:
    """Where the main thread stands in the user's code, innermost first: `path:line function`. In a loop: its tasks."""
    from ..wire.source import Line, Lines, tasks

    lines: list[Line] = []
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001
    if frame is not None:
        with suppress(Exception):
            known = Lines(root)
            loop = known.of_thread(frame, lines)
            for task in tasks(loop) if loop is not None and not lines else ():
                known.of_task(task, lines)
    return [text for _, text in lines]


def places_of(session: Session, item: pytest.Function) -> Places:
    """Of one test."""
    root = session.settings.root
    path = item.path.relative_to(root).as_posix() if item.path.is_relative_to(root) else item.path.as_posix()
    function: Any = getattr(item.function, "__wrapped__", item.function)
    return Places(root, path, function.__name__, position=lambda: position(root))
