"""`parity_stress`: many actors make one call for some seconds, through the wire, against the real database."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from ..core.errors import UsageError
from ..databases.provider import Server
from ..wire.connection import Open
from ..wire.proxy import Wire
from ..wire.source import Lines
from ..wire.tap import Tap
from . import charges, queues
from .asked import Allow, Asked, asked
from .charges import Charges, Database, Hung
from .crowd import Crowd, LoopThread, Tasks, Threads
from .escaped import Escapes
from .measured import Load, Remains, Stress, measure
from .pacing import Arrivals, Closed, Once, Pace
from .queues import Queues

PATIENCE_S = 5.0
_ENDING_S = 1.5
"""How long calls that were ended from outside may take to end."""
_SETTLE_S = 0.2


def stress(
    call: Callable[..., Any],
    actors: int = 16,
    seconds: float = 5.0,
    *,
    rate: float | None = None,
    warmup: float = 0.5,
    invariant: Callable[..., Any] | None = None,
    allow: Allow = (),
    patience: float = PATIENCE_S,
    wire: Wire,
    server: Server,
    database: str,
    root: Path,
    seed: int = 0,
    loop: asyncio.AbstractEventLoop | None = None,
    halt: threading.Event | None = None,
    kept: Sequence[Tap] = (),
) -> Stress:
    """Run the load to its end: at most `warmup + seconds + patience`, twice the patience with the first call, and some seconds.

    `loop` must run in another thread. `halt` ends the load before its time. `kept` are the wire's taps that are told of
    the load, too, such as who follows what changes; the others are told of the first call only. The findings have no test id yet; `failure`
    is for the caller to raise. Raises UsageError.
    """
    __tracebackhide__ = True
    if asyncio._get_running_loop() is not None:  # noqa: SLF001
        raise UsageError(
            "parity_stress was called where an event loop runs, which would stand still.",
            fix="await parity_stress(…), or await asyncio.to_thread(…)",
        )
    wanted = asked(call, actors, seconds, rate=rate, warmup=warmup, patience=patience, invariant=invariant, allow=allow)
    with ExitStack() as stack:
        ground = _Ground(
            wire=wire,
            root=root,
            seed=seed,
            loop=loop,
            halt=halt or threading.Event(),
            kept=tuple(kept),
            control=_control(server, database, stack),
        )
        return _Run(wanted, ground, stack).result()


def here_or_awaited(begin: Callable[..., Stress]) -> Stress | Coroutine[Any, Any, Stress]:
    """`begin(loop=…, halt=…)`; where an event loop runs, something to await, and the calls are tasks of that loop."""
    __tracebackhide__ = True
    halt = threading.Event()
    loop = asyncio._get_running_loop()  # noqa: SLF001  # the public one answers with an exception
    if loop is None:
        return begin(loop=None, halt=halt)

    async def run() -> Stress:
        try:
            return await asyncio.to_thread(begin, loop=loop, halt=halt)
        finally:
            halt.set()

    return run()


def _control(server: Server, database: str, stack: ExitStack) -> psycopg.Connection[Any] | None:
    try:
        control = psycopg.connect(
            server.dsn(database), autocommit=True, application_name="prodparity stress", connect_timeout=5
        )
    except psycopg.Error:
        return None
    stack.callback(control.close)
    return control


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What a load runs on. See `stress`."""

    wire: Wire
    root: Path
    seed: int
    loop: asyncio.AbstractEventLoop | None
    halt: threading.Event
    kept: tuple[Tap, ...]
    control: psycopg.Connection[Any] | None


class _Run:
    """One load."""

    def __init__(self, wanted: Asked, ground: _Ground, stack: ExitStack) -> None:
        self._wanted = wanted
        self._ground = ground
        self._wire = ground.wire
        self._loop = ground.loop
        self._halt = ground.halt
        self._control = ground.control
        self._stack = stack
        self._lines = Lines(ground.root)
        self._escapes = Escapes(self._lines, wanted.allow)
        self._database = Database()
        self._hung: list[Hung] = []
        self._blocked: tuple[queues.LockWait, ...] = ()
        self._notes: list[str] = []
        self._before: dict[int, Open] = {each.number: each for each in ground.wire.connections}

    def result(self) -> Stress:
        """Run it."""
        locks = self._advisory_locks()
        with self._heard(self._database):
            first = self._first()
        load = None
        if self._hung:
            self._notes.append("the first call, alone, did not come back: there was no load")
        elif self._escapes.own is not None:
            self._notes.append("the first call, alone, failed: there was no load")
        elif not self._halt.is_set():
            with self._heard(self._database, alone=True):
                load = self._load(first)
        return self._result(first, load, locks)

    # The calls

    def _first(self) -> Crowd:
        """One call alone: it is what rules are told of, and it shows whether the call is one that is to be awaited."""
        wanted = self._wanted
        crowd: Crowd
        if not wanted.is_async:
            threads = Threads(wanted.call, 1, Once(), self._escapes.met)
            self._through(threads, time.monotonic() + wanted.patience)
            if threads.awaitable is None:
                return threads
            awaitable = threads.awaitable
            crowd = Tasks(lambda _: awaitable, 1, Once(), self._escapes.met, loop=self._running())
        else:
            crowd = Tasks(wanted.call, 1, Once(), self._escapes.met, loop=self._running())
        self._through(crowd, time.monotonic() + wanted.patience)
        return crowd

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            thread = LoopThread()
            self._stack.callback(thread.close)
            self._loop = thread.loop
        return self._loop

    def _load(self, first: Crowd) -> Load:
        wanted = self._wanted
        begin = time.monotonic()
        mark = begin + wanted.warmup
        end = mark + wanted.seconds
        pace: Pace = Closed(end)
        if wanted.rate is not None:
            pace = Arrivals(wanted.rate, begin=begin, mark=mark, end=end, seed=self._ground.seed)
        crowd: Crowd
        if isinstance(first, Tasks):
            crowd = Tasks(wanted.call, wanted.actors, pace, self._escapes.met, loop=self._running())
        else:
            crowd = Threads(wanted.call, wanted.actors, pace, self._escapes.met)
        looking = Queues(crowd, self._lines, self._control, since=mark)
        looking.start()
        try:
            self._through(crowd, end + wanted.patience)
        finally:
            looking.stop()
        return Load(crowd=crowd, looking=looking, mark=mark, end=end, missed=pace.missed())

    def _through(self, crowd: Crowd, until: float) -> None:
        """Start them, and wait for their end; what does not end is ended, also at Ctrl-C."""
        crowd.halted = self._halt
        crowd.start()
        try:
            crowd.wait(until)
            now = time.monotonic()
            for actor in crowd.late():
                call = actor.under_way
                if call is not None:
                    with contextlib.suppress(Exception):  # its frames change under our eyes
                        self._hung.append(charges.hung(self._lines, crowd.stack(actor), *call, now))
            if self._hung:
                self._blocked = queues.blocked(self._control)
        finally:
            if crowd.late():
                self._end(crowd)

    def _end(self, crowd: Crowd) -> None:
        """Hang up what the calls wait for, and throw something at those that wait for anything else."""
        self._halt.set()
        for actor in crowd.late():
            actor.given_up = True
        deadline = time.monotonic() + _ENDING_S
        while crowd.late() and time.monotonic() < deadline:
            self._hang_up()
            crowd.wait(min(deadline, time.monotonic() + _SETTLE_S))
            crowd.throw()
        late = crowd.late()
        if late:
            where = {str(queues.source(self._lines, crowd.stack(actor)) or "somewhere") for actor in late}
            self._notes.append(
                f"{len(late)} of the calls could not be ended, and stay in the background: {', '.join(sorted(where))}"
            )

    def _hang_up(self) -> None:
        backends = [each.backend for each in self._wire.connections if self._is_theirs(each)]
        self._wire.hang_up(self._is_theirs)
        # A server that works does not notice that its client is gone.
        if self._control is not None and backends:
            with contextlib.suppress(psycopg.Error):
                queues.terminate(self._control, backends)

    def _is_theirs(self, connection: Open) -> bool:
        before = self._before.get(connection.number)
        held = before is not None and before.state in ("T", "E")
        return connection.busy or (connection.state in ("T", "E") and not held)

    @contextlib.contextmanager
    def _heard(self, tap: Database, *, alone: bool = False) -> Iterator[None]:
        """By `tap`; with `alone` by few others: a call that is made a thousand times by a load is no loop of the code's."""
        taps = self._wire.taps
        before = list(taps)
        taps[:] = [*(each for each in before if not alone or each in self._ground.kept), tap]
        self._wire.asks_who = not alone
        try:
            yield
        finally:
            self._wire.asks_who = True
            taps[:] = before

    # Afterwards

    def _result(self, first: Crowd, load: Load | None, locks: int) -> Stress:
        wanted = self._wanted
        if not (self._database.trips or self._escapes.kinds or self._hung):
            self._notes.append("the calls sent nothing through parity_db: what they did is not the database's")
        measures = measure(load, self._hung, self._escapes, seconds=wanted.seconds, closed=wanted.rate is None)
        crowds = [first] if load is None else [first, load.crowd]
        filed = [number for crowd in crowds for actor in crowd.actors for number in actor.filed]
        if load is not None and not measures.calls and not load.missed and not self._hung:
            self._notes.append("no call began after the warm-up and ended: make seconds= longer, or warmup=0")
        stressed = Stress(
            actors=wanted.actors,
            seconds=wanted.seconds,
            rate=wanted.rate,
            done=filed.count(0),
            calls=measures.calls,
            latency=measures.latency,
            service=measures.service,
            throughput=measures.throughput,
            errors=self._escapes.errors,
            deadlocks=self._database.states["40P01"],
            serialization_failures=self._database.states["40001"],
            pool_waits=queues.NO_POOL_WAITS if load is None else load.looking.pool,
            lock_waits=queues.NO_LOCK_WAITS if load is None else load.looking.locks,
            left=self._left(locks),
            unstarted=0 if load is None else len(load.missed),
            hung=len(self._hung),
            failure=self._failure(len(filed) + len(self._hung)),
            times=measures.times,
            labels=measures.labels,
        )
        accused = Charges(
            escapes=self._escapes,
            database=self._database,
            total=len(filed) + len(self._hung),
            actors=wanted.actors if load is not None else 1,
            hung=tuple(self._hung),
            blocked=self._blocked,
        )
        if stressed.failure is None and load is not None and wanted.invariant is not None:
            stressed = replace(stressed, failure=self._hold(wanted.invariant, stressed, accused))
        return replace(stressed, findings=accused.findings(self._lines, self._ground.root), notes=tuple(self._notes))

    def _failure(self, total: int) -> BaseException | None:
        own = self._escapes.own
        if own is None:
            return None
        kinds = self._escapes.of(None)
        count = sum(number for _, number in kinds)
        told = ", ".join(f"{kind.label} {number:,}" for kind, number in kinds[:5])
        own.add_note(f"parity_stress: {count:,} of {total:,} calls failed by themselves: {told}; this is the first.")
        for note in self._notes:
            own.add_note(f"parity_stress: {note}.")
        return own

    def _hold(self, invariant: Callable[[Any], Any], stressed: Stress, accused: Charges) -> BaseException | None:
        """Ask the invariant; an exception that is no answer is given back."""
        try:
            answer = invariant(stressed)
            if inspect.isawaitable(answer):
                answer = asyncio.run_coroutine_threadsafe(_awaited(answer), self._running()).result(
                    self._wanted.patience
                )
        except AssertionError as broken:
            accused.broken = broken
        except Exception as error:  # noqa: BLE001  # handed to who began the load
            error.add_note("parity_stress: raised by the invariant, after the load.")
            return error
        else:
            accused.broken_false = answer is not None and not answer
        return None

    def _left(self, locks: int) -> Remains:
        gc.collect()
        self._wire.settle(time.monotonic() + _SETTLE_S)
        now = [each for each in self._wire.connections if each.number not in self._before]
        held = {number for number, each in self._before.items() if each.state in ("T", "E")}
        opened = [each for each in self._wire.connections if each.state in ("T", "E") and each.number not in held]
        return Remains(
            connections=len(now),
            transactions=len(opened),
            advisory_locks=max(0, self._advisory_locks() - locks),
            where=tuple(sorted({each.source for each in opened if each.source}, key=str)),
        )

    def _advisory_locks(self) -> int:
        if self._control is None:
            return 0
        backends = [each.backend for each in self._wire.connections]
        with contextlib.suppress(psycopg.Error):
            return queues.advisory_locks(self._control, backends)
        return 0


async def _awaited(answer: Any) -> Any:
    return await answer
