"""Lets real callables run at once, each of their round trips held until a director says who goes next."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..core.errors import ProdparityError
from ..databases.provider import Server
from ..databases.roles import DEADLOCK
from ..wire.line import Line
from ..wire.postgres_line import PostgresLine
from ..wire.proxy import Wire
from ..wire.source import Lines
from .actors import Actor, Call, Loop, call_is_asynchronous
from .belonging import Belonging
from .ending import end
from .execution import READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE, Director, Execution, Status, Waiting
from .ground import Ground, Stopped
from .schedule import Schedule
from .stalls import Parks
from .turnstile import Strikes, Turnstile
from .watching import SOON, Watching

_LEAVES_S = 5.0
_LOGS_IN_S = 30.0


class Crew:
    """The callables of one race, and what is needed to run them again and again. Not for several threads at once.

    `database` names the wire's present database on `server`. Asynchronous callables are tasks of `loop`, else of one
    that lives as long as the crew. `patience`: seconds after which an actor that neither sends nor waits counts as
    stuck. With `footprints` each step tells which tables the server has locked for it, at 0.1 ms a step.
    """

    def __init__(
        self, wire: Wire, server: Server, database: Callable[[], str], calls: Sequence[Call], *,
        loop: AbstractEventLoop | None = None, patience: float = 10.0, footprints: bool = False,
    ) -> None:  # fmt: skip
        self._wire = wire
        self._database = database
        self._calls = tuple(calls)
        self._asynchronous = [call_is_asynchronous(call) for call in calls]
        self._patience = patience
        self._footprints = footprints
        self._loop = Loop(loop)
        self._server = server
        self._watching = Watching(server)
        self._parks = Parks(Lines(wire.root))
        self._local = server.kind == "embedded"
        self._lingering: list[Actor] = []
        self._usual: dict[tuple[tuple[str, str], ...], str] = {}
        self._tuned: dict[int, int] = {}
        self.isolation: str | None = None
        """Transactions that do not name a level themselves run at this one."""
        self._levels: dict[int, tuple[int, str]] = {}
        """By connection that was given a level: the server's process, and what its own was."""
        self._may: bool | None = None
        """May sessions of the wire end their deadlocks soon? None: not asked yet."""
        self._lock = threading.Lock()
        gc.collect()
        # What there is now is not looked at by the collections between schedules, which cost next to nothing then.
        gc.freeze()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release loop and connections; those that were given a level get their own back with their next trip."""
        for number, (_, level) in self._levels.items():
            self._wire.cure(number, _default(level))
        gc.unfreeze()
        self._loop.close()
        self._parks.close()
        self._watching.close()

    def run(
        self, director: Director | None = None, *, serially: Sequence[int] | None = None,
        faults: Mapping[tuple[int, int], Strikes] | None = None,
    ) -> Execution:  # fmt: skip
        """One schedule. `faults`: what strikes an actor's n-th step, from 0, in the place of sending it on.

        Raises ProdparityError where an actor of an earlier schedule still lives.
        """
        if not self._lock.acquire(blocking=False):
            raise ProdparityError("A race is run by one thread at a time.")
        try:
            self._refuse_lingering()
            with self._gated() as schedule:
                schedule.faults = faults or {}
                return self._play(schedule, director, serially)
        finally:
            self._lock.release()

    def _play(self, schedule: Schedule, director: Director | None, serially: Sequence[int] | None) -> Execution:
        began = time.monotonic()
        status: Status = "done"
        waiting: tuple[Waiting, ...] = ()
        try:
            if serially is not None:
                schedule.one_by_one(serially)
            else:
                assert director is not None
                schedule.conduct(director)
        except Stopped as stopped:
            status, waiting = stopped.status, stopped.waiting
            if status == "diverged":
                with contextlib.suppress(Stopped):
                    schedule.free()
        except BaseException:
            self._lingering = end(schedule, self._wire)
            raise
        if any(actor.begun and not actor.over for actor in schedule.actors) or schedule.turnstile.held:
            self._lingering = end(schedule, self._wire)
        self._asynchronous = [actor.asynchronous for actor in schedule.actors]
        self._settle(schedule)
        return schedule.execution(status, waiting, time.monotonic() - began)

    @contextlib.contextmanager
    def _gated(self) -> Iterator[Schedule]:
        wire = self._wire
        database = self._database()
        belongs = Belonging(len(self._calls))
        before = wire.gate
        turnstile = Turnstile(belongs=belongs, before=before, tune=self._tune)

        belongs.loop = self._loop
        actors = [
            Actor(index, call, loop=self._loop, asynchronous=asynchronous, told=turnstile.finished)
            for index, (call, asynchronous) in enumerate(zip(self._calls, self._asynchronous, strict=True))
        ]
        ground = Ground(
            watching=self._watching, parks=self._parks, loop=self._loop, backends=self._backends, states=self._states,
            logging_in=self._logging_in, database=database, patience=self._patience, footprints=self._footprints,
            local=self._local,
        )  # fmt: skip
        wire.taps.append(turnstile)
        wire.gate = turnstile
        try:
            yield Schedule(ground, actors, turnstile, belongs)
        finally:
            with turnstile.cond:
                turnstile.end()
            wire.gate = before
            wire.taps.remove(turnstile)

    # After a schedule

    def _settle(self, schedule: Schedule) -> None:
        """Nothing of the schedule is left: no thread, no trip, no transaction."""
        deadline = time.monotonic() + _LEAVES_S
        for actor in schedule.actors:
            if actor.over:
                actor.join(deadline)
        turnstile = schedule.turnstile
        if turnstile.strangers - {""}:
            schedule.notes.append(
                f"trips of {', '.join(sorted(turnstile.strangers - {''}))} passed, which is no actor's"
            )
        schedule.notes += [f"a fault did not strike: {why}" for why in turnstile.misfits]
        before = self._wire.connections
        gc.collect()  # a connection that was dropped rolls back now, and not in the middle of another schedule
        used = set(turnstile.traffic)
        open_ = {one.number: one for one in before if one.number in used and one.state in ("T", "E")}
        if not open_:
            return
        left = [one for one in self._wire.connections if one.number in open_ and one.state in ("T", "E")]
        for one in left:
            whose = turnstile.traffic[one.number].actor
            schedule.notes.append(f"actor {whose + 1} left a transaction open; its connection was closed")
        self._wire.hang_up(lambda one: one.number in open_ and one.state in ("T", "E"))
        backends = {one.backend for one in open_.values()}
        while self._watching.alive(backends) and time.monotonic() < deadline:
            threading.Event().wait(0.001)

    def _refuse_lingering(self) -> None:
        self._lingering = [actor for actor in self._lingering if not actor.over]
        if self._lingering:
            names = ", ".join(actor.name for actor in self._lingering)
            raise ProdparityError(
                f"No further schedule can be run: {names} of the last one still runs, and could not be ended.",
                fix="give what it waits for a timeout, or end it by hand",
            )

    # What the wire knows

    def _backends(self) -> dict[int, int]:
        return self._wire.backends

    def _states(self) -> dict[int, str]:
        return {one.number: one.state for one in self._wire.connections}

    def _logging_in(self) -> bool:
        now = time.monotonic()
        return any(not one.state and now - one.since < _LOGS_IN_S for one in self._wire.connections)

    # Once a connection, in its own thread

    def _tune(self, connection: int, line: Line) -> str:
        """Its usual isolation level; the server ends its deadlocks soon from now on."""
        assert isinstance(line, PostgresLine)
        if self._tuned.get(connection) != line.backend and line.sayable and self._may_set(line):
            line.say(f"SET {DEADLOCK} = '{SOON}'")
            self._tuned[connection] = line.backend
        if self.isolation is not None and line.sayable:
            if self._levels.get(connection, (0, ""))[0] != line.backend:
                self._levels[connection] = (
                    line.backend,
                    line.say("SHOW default_transaction_isolation") or READ_COMMITTED,
                )
            line.say(_default(self.isolation))
            return self.isolation
        key = tuple(sorted(line.asked.items()))
        if key not in self._usual:
            if not line.sayable:
                return READ_COMMITTED
            said = (line.say("SHOW default_transaction_isolation") or "").lower()
            self._usual[key] = said if said in (REPEATABLE_READ, SERIALIZABLE) else READ_COMMITTED
        return self._usual[key]

    def _may_set(self, line: PostgresLine) -> bool:
        """May the wire's user say how soon deadlocks end? Asked once."""
        if self._may is None:
            known = self._server.version >= 150000
            self._may = known and line.say(f"SELECT pg_catalog.has_parameter_privilege('{DEADLOCK}', 'SET')") == "t"
        return self._may


def _default(level: str) -> str:
    return f"SET default_transaction_isolation = '{level}'"
