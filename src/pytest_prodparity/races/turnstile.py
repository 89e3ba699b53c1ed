"""The gate of a race: each trip of an actor is held until the conductor lets it go, and noted until it is answered."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Protocol

from ..wire import lexer
from ..wire.gate import Asking, Gate, Opening, Strike
from ..wire.line import GoneError, Line
from ..wire.postgres_line import PostgresLine
from ..wire.trip import Trip
from .belonging import Belonging
from .execution import Ready, Step
from .transactions import Transactions

Way = Literal["trip", "part", "leave"]

_LOOKS_S = 0.1
"""How often a held trip looks whether its client is still there."""
_OVER = "57014"
_DEADLOCK = "40P01"
_ENDED = "the schedule is over"


class Strikes(Protocol):
    """What can be done to a trip in the place of sending it on: a kind of fault."""

    def fits(self, asking: Asking | Opening) -> str | None:
        """None where it can happen here; else why not."""

    def strike(self, line: Line) -> None:
        """Let it happen."""


@dataclass(kw_only=True, eq=False, slots=True)
class Stride:
    """A Step that is still becoming."""

    ready: Ready
    started: float
    ended: float | None = None
    waited_for: set[int] = field(default_factory=set)
    tags: tuple[str | None, ...] = ()
    rows: tuple[int, ...] = ()
    sqlstate: str | None = None
    after: str = ""
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    behind: dict[int, set[int]] = field(default_factory=dict)
    """Who waited for whom when it was let go."""

    def say(self, said: Sequence[tuple[str | None, int, str | None]]) -> None:
        """Tags, rows and SQLSTATEs of its statements."""
        self.tags = tuple([tag for tag, _, _ in said])
        self.rows = tuple([rows for _, rows, _ in said])
        self.sqlstate = next((sqlstate for _, _, sqlstate in said if sqlstate), None)
        if self.sqlstate == _DEADLOCK:
            self.waited_for |= self._closed()

    def _closed(self) -> set[int]:
        """For whom the victim of a deadlock has waited, which was over before anybody could look: of those that wait
        behind it the one for whom nobody waits.
        """
        behind = {self.ready.actor}
        while more := {actor for actor, holders in self.behind.items() if holders & behind} - behind:
            behind |= more
        held = {holder for actor in behind for holder in self.behind.get(actor, ())}
        return behind - held - {self.ready.actor}

    def step(self) -> Step:
        """As it is now."""
        return Step(
            ready=self.ready, started=self.started, ended=self.ended, waited_for=tuple(sorted(self.waited_for)),
            tags=self.tags, rows=self.rows, sqlstate=self.sqlstate, after=self.after, reads=self.reads,
            writes=self.writes,
        )  # fmt: skip


@dataclass(kw_only=True, eq=False, slots=True)
class Held:
    """A trip that waits for its turn."""

    ready: Ready
    wire: int
    """The wire's number of the connection."""
    number: int
    way: Way
    skip: int
    executes: bool
    closes: bool = False
    """Somebody waits for it: if it has to wait in its turn, that may be a deadlock."""
    go: threading.Event = field(default_factory=threading.Event)
    fails: bool = False
    fault: Strikes | None = None


@dataclass(kw_only=True, eq=False, slots=True)
class Flight:
    """A trip that was sent on and is not answered."""

    actor: int
    wire: int
    number: int
    stride: Stride | None
    since: float
    skip: int = 0
    """Statements of the trip that went in an earlier step."""
    soon: bool = False
    """It looks for a deadlock as soon as it waits."""
    blocked: tuple[int, ...] = ()
    """Processes of the server that hold what it waits for, as last seen."""
    blocked_at: float = 0.0
    """When that was seen first."""
    asked: int = -1
    """The turnstile's changes when the server was asked about it last."""


@dataclass(kw_only=True, eq=False, slots=True)
class Traffic:
    """One connection's."""

    name: int
    transactions: Transactions
    actor: int
    backend: int = 0
    glued: tuple[str, ...] = ()
    """What was parsed in a step of its own, and is executed with it."""
    stride: Stride | None = None
    state: str = "I"
    parted: int = 0
    """Statements of the trip under way that have been executed already."""


class Turnstile:
    """Of one schedule. Gate and tap in one; all state changes under `cond`, which is told of each."""

    def __init__(
        self,
        *,
        belongs: Belonging,
        before: Gate | None,
        tune: Callable[[int, Line, bool], str],
        soon: Callable[[Line], bool],
    ) -> None:
        self.cond = threading.Condition(threading.Lock())
        self.held: list[Held] = []
        self.flights: dict[int, Flight] = {}
        self.traffic: dict[int, Traffic] = {}
        self.ended = False
        self.arrived: Callable[[], bool] = _nobody
        """Called under `cond` when one more is held; tells whether one was let go for it."""
        self.changes = 0
        self.over: set[int] = set()
        """Actors whose callables have returned."""
        self.misfits: list[str] = []
        """Why faults did not strike."""
        self.advisory: set[int] = set()
        """Connections that may have an advisory lock."""
        self.reset: set[int] = set()
        """Connections whose settings were reset."""
        self.strangers: set[str] = set()
        """Who sent trips and is no actor."""
        self._belongs = belongs
        self._before = before
        self._tune = tune
        self._soon = soon

    # Asked by the wire

    def opening(self, opening: Opening) -> Strike | None:
        """Not held: what a client says before its first statement is no step."""
        if self.ended and self._belongs.of(opening.actor, None) is not None:
            return _refused
        return self._before.opening(opening) if self._before is not None else None

    def asking(self, asking: Asking) -> Strike | None:
        """Held, if it is an actor's."""
        actor = self._whose(asking)
        if actor is None:
            self.strangers.add(asking.actor)
            return self._before.asking(asking) if self._before is not None else None
        return partial(self._cross, actor, asking, "trip")

    def flushing(self, asking: Asking) -> Strike | None:
        """As a trip of its own."""
        actor = self._whose(asking)
        return None if actor is None else partial(self._cross, actor, asking, "part")

    def leaving(self, asking: Asking) -> Strike | None:
        """A rollback."""
        known = self.traffic.get(asking.connection)
        return None if known is None else partial(self._cross, known.actor, asking, "leave")

    def _whose(self, asking: Asking) -> int | None:
        known = self.traffic.get(asking.connection)
        return self._belongs.of(asking.actor, known.actor if known is not None else None)

    def trip(self, trip: Trip) -> None:
        """The answer is complete."""
        with self.cond:
            flight = self.flights.get(trip.connection)
            if flight is None or (flight.number != trip.number and not trip.broken):
                return
            if flight.stride is not None:
                said = trip.statements[flight.skip :]
                flight.stride.say([(one.tag, one.rows, one.sqlstate) for one in said])
            self._answered(flight, trip.after, broken=trip.broken)

    def _answered(self, flight: Flight, after: str, *, broken: bool = False) -> None:
        del self.flights[flight.wire]
        traffic = self.traffic[flight.wire]
        traffic.transactions.answered(after or "I")
        traffic.state = after or "I"
        if flight.stride is not None:
            flight.stride.ended = None if broken else time.monotonic()
            flight.stride.after = after
        self.changes += 1
        # Whose answer has come goes on, and is heard of; only who is gone already is waited for.
        if flight.actor in self.over or flight.blocked:
            self.cond.notify_all()

    def _tell(self) -> None:
        self.changes += 1
        self.cond.notify_all()

    # In the connection's own thread

    def _cross(self, actor: int, asking: Asking, way: Way, line: Line) -> None:
        traffic = self._traffic(actor, asking, line)
        skip = traffic.parted if len(asking.statements) > traffic.parted else 0
        if skip:
            asking = replace(asking, statements=asking.statements[skip:])
        quiet = way != "leave" and (asking.begun or traffic.transactions.passes(asking.statements, asking.state))
        with self.cond:
            traffic.actor = actor
            stride = None
            if not quiet and traffic.glued == asking.statements and traffic.glued:
                quiet, stride = True, traffic.stride
            held = None if quiet else self._hold(actor, asking, way, skip, traffic)
            if held is None:
                self._fly(actor, asking, stride, skip)
                if stride is not None and asking.executes:
                    traffic.glued, traffic.stride = (), None
        if held is not None:
            self._wait(held, line)
            if held.fails and way != "leave" and not _rolls_back(asking.statements):
                self._fail(way, line)
                return
        if held is not None and held.closes and way == "trip" and self._soon(line):
            flight = self.flights.get(asking.connection)
            if flight is not None:
                flight.soon = True
        traffic.transactions.sent(asking.statements)
        if traffic.transactions.fresh:
            traffic.transactions.fresh = False
            self.reset.add(asking.connection)
        if any("advisory" in sql.lower() for sql in asking.statements):
            self.advisory.add(asking.connection)
        if way == "part":
            traffic.parted = skip + len(asking.statements) if asking.executes else skip
        else:
            traffic.parted = 0
        self._send(asking, way, line, held.fault if held is not None else None)

    def _hold(self, actor: int, asking: Asking, way: Way, skip: int, traffic: Traffic) -> Held:
        ready = Ready(
            actor=actor, connection=traffic.name, statements=asking.statements or ("ROLLBACK",) if way == "leave" else asking.statements,
            state=asking.state, isolation=traffic.transactions.isolation_of(asking.statements, asking.state),
            source=asking.source, stack=asking.stack,
        )  # fmt: skip
        held = Held(
            ready=ready, wire=asking.connection, number=asking.number, way=way, skip=skip, executes=asking.executes
        )
        if self.ended:
            held.fails = True
            held.go.set()
            self._fly(actor, asking, None, skip)
        else:
            self.held.append(held)
            self.changes += 1
            if not self.arrived():
                self.cond.notify_all()
        return held

    def _fly(self, actor: int, asking: Asking, stride: Stride | None, skip: int) -> None:
        self.flights[asking.connection] = Flight(
            actor=actor, wire=asking.connection, number=asking.number, stride=stride, since=time.monotonic(), skip=skip
        )

    def _traffic(self, actor: int, asking: Asking, line: Line) -> Traffic:
        known = self.traffic.get(asking.connection)
        backend = getattr(line, "backend", 0)
        if asking.connection in self.reset and asking.state == "I":
            self.reset.discard(asking.connection)
            self._tune(asking.connection, line, True)
        if known is None or (known.backend != backend and asking.state == "I"):
            usual = self._tune(asking.connection, line, False)
            with self.cond:
                known = self.traffic[asking.connection] = Traffic(
                    name=len(self.traffic) + 1 if known is None else known.name, transactions=Transactions(usual),
                    actor=actor, backend=backend,
                )  # fmt: skip
        return known

    def _wait(self, held: Held, line: Line) -> None:
        while not held.go.wait(_LOOKS_S):
            if held.way == "leave" or not (line.cancelled or _gone(line.client)):
                continue
            with self.cond:
                if held not in self.held:
                    continue
                self.held.remove(held)
                self._tell()
            if line.cancelled:
                held.fails = True
                return
            raise GoneError("the client has left")

    def _fail(self, way: Way, line: Line) -> None:
        if way == "part":
            raise GoneError(_ENDED)
        line.fail(_OVER, f"canceling statement: {_ENDED}")

    def _send(self, asking: Asking, way: Way, line: Line, fault: Strikes | None) -> None:
        why = fault.fits(asking) if fault is not None else None
        if why is not None:
            self.misfits.append(why)
        if fault is not None and why is None:
            fault.strike(line)
        elif way == "trip":
            strike = self._before.asking(asking) if self._before is not None else None
            if strike is not None:
                strike(line)
        elif way == "leave":
            line.drop_server()
        else:
            assert isinstance(line, PostgresLine)
            line.flushed()
            flight = self.flights.get(asking.connection)
            if flight is not None and flight.stride is not None:
                flight.stride.say(line.said[flight.skip :])
        if way != "trip":
            with self.cond:
                flight = self.flights.get(asking.connection)
                if flight is not None:
                    self._answered(flight, "" if way == "leave" else asking.state)

    # For the conductor, under `cond`

    def release(self, held: Held) -> Stride:
        """Let it go."""
        self.held.remove(held)
        stride = Stride(ready=held.ready, started=time.monotonic())
        self.flights[held.wire] = Flight(
            actor=held.ready.actor,
            wire=held.wire,
            number=held.number,
            stride=stride,
            since=stride.started,
            skip=held.skip,
        )
        traffic = self.traffic[held.wire]
        traffic.glued, traffic.stride = ((), None) if held.executes else (held.ready.statements, stride)
        held.go.set()
        return stride

    def finished(self, actor: int) -> None:
        """Its callable has returned; called by its own thread."""
        with self.cond:
            self.over.add(actor)
            self._tell()

    def end(self) -> None:
        """Whatever is held, and whatever comes, is refused; who rolls back may."""
        self.ended = True
        for held in self.held:
            held.fails = True
            self.flights[held.wire] = Flight(
                actor=held.ready.actor, wire=held.wire, number=held.number, stride=None, since=time.monotonic()
            )
            held.go.set()
        self.held.clear()


def _nobody() -> bool:
    return False


def _rolls_back(statements: tuple[str, ...]) -> bool:
    return all(lexer.words(sql, 1)[:1] in (["ROLLBACK"], ["ABORT"]) for sql in statements)


def _refused(line: Line) -> None:
    line.fail("57P03", _ENDED)


def _gone(client: socket.socket) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
