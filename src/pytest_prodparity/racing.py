"""The races and loads of one test: a race begins with the database as it is, and nothing of it is left."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg

from .core.delta import Delta
from .core.errors import ParityFailure, ProdparityError, UsageError
from .core.expectation import Expectation
from .core.findings import Finding, Source, Untold
from .databases.delta.sequences import shift_apart
from .faults.kinds.kind import Kind
from .gate.render import terminal
from .gate.report import LoadReport, RaceReport
from .queries.judge import is_allowed
from .races.conductor import Crew
from .races.execution import READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE, Bound
from .races.footprint import Relations
from .races.measured import Stress
from .races.pairs import looked
from .races.race import Contest, Race
from .races.relations import QUERY, relations
from .races.stress import here_or_awaited, stress
from .races.wording import name_of
from .relay.trip import HttpTrip, ServiceTrip
from .session import Session

MOST = 12
"""Callables of one race."""
PATIENCE_S = 10.0
"""For code that does not come to its next round trip."""
POINTS = 600
"""Calls of a load that the report keeps for its plot."""
LEVELS = (READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE)
Came = TypeVar("Came")


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A race under each isolation level."""

    races: Mapping[str, Race]

    def __str__(self) -> str:
        lines = []
        for level, race in self.races.items():
            said = race.findings[0].title if race.findings else race.verdict
            far = ", every order that can matter" if race.exhausted else ""
            lines.append(f"{level:<16}  {said} ({race.schedules} orders{far})")
        return "\n".join(lines)


class Raced:
    """What the races and loads of one test came to."""

    def __init__(self, session: Session, test: str, expectation: Expectation) -> None:
        self.findings: list[Finding] = []
        self.allowed: list[Finding] = []
        self.untold: list[Untold] = []
        self.reports: list[RaceReport] = []
        self.loads: list[LoadReport] = []
        self.test = test
        self._session = session
        self._expectation = expectation

    def tell(self, findings: Sequence[Finding], source: Source | None, *, below: str = "") -> None:
        """Raises ParityFailure for those that the marker does not allow; `below` is added to its text."""
        __tracebackhide__ = True
        failing = self.record(findings, source)
        if failing:
            said = terminal.failure(tuple(failing), width=100)
            raise ParityFailure(f"{said}\n\n{below}" if below else said)

    def record(self, findings: Sequence[Finding], source: Source | None) -> list[Finding]:
        """Those that the marker does not allow; the report has all of them."""
        told = [
            replace(found, test=self.test, source=found.source or source, replay=self._replay(found))
            for found in findings
        ]
        allowed = [found for found in told if is_allowed(found, self._expectation.allow)]
        failing = [found for found in told if found not in allowed]
        self.allowed += allowed
        self.findings += failing
        return failing

    def _replay(self, found: Finding) -> str:
        token = f" --parity-replay={found.details['token']}" if "token" in found.details else ""
        return f"pytest {shlex.quote(self.test)} --parity-level={self._session.settings.level}{token}"


class Racing:
    """What `parity_race` is to a test."""

    def __init__(self, session: Session, raced: Raced) -> None:
        self._session = session
        self._raced = raced

    def __call__(
        self,
        *calls: Callable[[], object],
        invariant: Callable[[], object] | None = None,
        faults: Sequence[object] = (),
    ) -> Race | Awaitable[Race]:
        """Run the callables in every order that can matter; in an async test, to be awaited.

        Raises ParityFailure where one of them comes to what no serial order comes to, or to a deadlock. `faults`: then
        again with each of them at the commit of each callable.
        """
        __tracebackhide__ = True
        self._check(calls, invariant)
        kinds = [_kind(fault) for fault in faults]
        source = caller(self._session.settings.root)

        def go(loop: asyncio.AbstractEventLoop | None) -> Race:
            __tracebackhide__ = True
            replay = self._session.settings.replayed_race
            return self._told(self._run(calls, invariant, loop, kinds, replay=replay), source)

        return _here_or_awaited(go)

    def what_if(
        self, *calls: Callable[[], object], invariant: Callable[[], object] | None = None
    ) -> WhatIf | Awaitable[WhatIf]:
        """The same race under each isolation level, for transactions that do not name one. Fails nothing."""
        __tracebackhide__ = True
        self._check(calls, invariant)

        def go(loop: asyncio.AbstractEventLoop | None) -> WhatIf:
            __tracebackhide__ = True
            return WhatIf(races={level: self._run(calls, invariant, loop, (), level=level) for level in LEVELS})

        return _here_or_awaited(go)

    @staticmethod
    def _check(calls: Sequence[object], invariant: object) -> None:
        __tracebackhide__ = True
        if len(calls) < 2:
            raise UsageError(
                f"parity_race was given {len(calls) or 'no'} callable{'' if len(calls) == 1 else 's'}, and a race needs two.",
                fix="parity_race(lambda: withdraw(1, 80), lambda: withdraw(1, 80))",
            )
        if len(calls) > MOST:
            raise UsageError(
                f"parity_race was given {len(calls)} callables, and looks at {MOST} at most.",
                fix="race two or three of them; for load, parity_stress",
            )
        for call in (*calls, *([invariant] if invariant is not None else [])):
            if not callable(call):
                for each in calls:
                    if asyncio.iscoroutine(each):
                        each.close()
                raise UsageError(
                    f"parity_race was given {_said(call)}, which cannot be called again and again.",
                    fix="put `lambda:` in front of it",
                )

    def _run(
        self,
        calls: Sequence[Callable[[], object]],
        invariant: Callable[[], object] | None,
        loop: asyncio.AbstractEventLoop | None,
        faults: Sequence[Kind],
        *,
        replay: str | None = None,
        level: str | None = None,
    ) -> Race:
        __tracebackhide__ = True
        session, settings = self._session, self._session.settings
        dial = settings.dials.races
        bound = Bound(
            schedules=dial.schedules, seconds=dial.seconds, seed=settings.seed, serial_only=dial.schedules == 0
        )
        began = time.monotonic()
        stage = Staged(session)
        try:
            session.current()
            known = self._relations()

            def go(among: tuple[int, ...], go: Callable[[Contest], Came]) -> Came:
                __tracebackhide__ = True
                few = len(among) < len(calls)
                crew = Crew(
                    session.wire, session.server, session.current, [calls[at] for at in among],
                    loop=loop, patience=PATIENCE_S, footprints=known is None,
                )  # fmt: skip
                crew.isolation = level
                with crew:
                    contest = Contest(
                        crew,
                        stage,
                        len(among),
                        names=[name_of(calls[at]) for at in among],
                        relations=known,
                        invariant=None if few else invariant,
                        among=among if few else (),
                    )
                    contest.rehearse()
                    with session.apart():
                        return go(contest)

            with stage.hearing(), stage:
                race = looked(go, len(calls), bound, replay, faults)
        except ProdparityError as error:
            if isinstance(error, UsageError):
                raise
            race = Race(
                verdict="cannot tell",
                schedules=0,
                exhausted=False,
                seconds=time.monotonic() - began,
                why=error.happened,
            )
        return race

    def _relations(self) -> Relations | None:
        """What the schema adds to statements; None where it cannot be read, and the server's locks tell."""
        with (
            suppress(ProdparityError, psycopg.Error),
            psycopg.connect(self._session.owner_dsn(), autocommit=True) as connection,
        ):
            return relations(connection.execute(QUERY).fetchall())
        return None

    def _told(self, race: Race, source: Source | None) -> Race:
        __tracebackhide__ = True
        self._raced.reports.append(
            RaceReport(
                verdict=race.verdict,
                schedules=race.schedules,
                exhausted=race.exhausted,
                source=str(source) if source else None,
                seconds=race.seconds,
                why=race.why,
            )
        )
        if race.verdict == "cannot tell":
            self._raced.untold.append(
                Untold(statement="parity_race", reason=race.why, source=source, test=self._raced.test)
            )
        self._raced.tell(race.findings, source)
        return race


class Loading:
    """What `parity_stress` is to a test."""

    def __init__(self, session: Session, raced: Raced) -> None:
        self._session = session
        self._raced = raced

    def __call__(
        self, call: Callable[..., Any], actors: int = 16, seconds: float = 5.0, **said: Any
    ) -> Stress | Coroutine[Any, Any, Stress]:
        """Put the call under load: see `races.stress.stress`. In an async test, to be awaited.

        Raises ParityFailure for deadlocks, exhausted pools, serialization failures that escape and a broken invariant;
        what else the calls raise is raised as it is, and the findings beside it are reported.
        """
        __tracebackhide__ = True
        source = caller(self._session.settings.root)
        begun = here_or_awaited(partial(self._begin, call, actors, seconds, said))
        return self._told(begun, source) if isinstance(begun, Stress) else self._awaited(begun, source)

    def _begin(
        self, call: Callable[..., Any], actors: int, seconds: float, said: Mapping[str, Any], **running: Any
    ) -> Stress:
        session = self._session
        return stress(
            call, actors, seconds, **said, wire=session.wire, server=session.server, database=session.current(),
            root=session.settings.root, seed=session.settings.seed, kept=(session.isolation,), **running,
        )  # fmt: skip

    async def _awaited(self, begun: Coroutine[Any, Any, Stress], source: Source | None) -> Stress:
        __tracebackhide__ = True
        return self._told(await begun, source)

    def _told(self, stressed: Stress, source: Source | None) -> Stress:
        __tracebackhide__ = True
        self._raced.loads.append(_load_report(stressed, source))
        if stressed.failure is not None:
            self._raced.record(stressed.findings, source)
            raise stressed.failure
        self._raced.tell(stressed.findings, source, below=str(stressed))
        return stressed


class Staged:
    """The database of the open test, between the orders of one race."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._requests: list[str] = []

    def __enter__(self) -> Self:
        self._session.isolation.mark()
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.clear()
        self._session.isolation.unmark()

    def delta(self) -> Delta:
        """See races.race.Stage."""
        return self._session.isolation.delta()

    def requests(self) -> tuple[str, ...]:
        """See races.race.Stage."""
        return tuple(sorted(self._requests))

    def back(self) -> None:
        """See races.race.Stage."""
        self._requests.clear()
        self._session.isolation.back(heard=False)

    def shift(self) -> None:
        """See races.race.Stage."""
        shift_apart(self._session.owner_dsn())

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
        if isinstance(trip, HttpTrip) and trip.applied:
            self._requests.append(f"{trip.method} {trip.path} {trip.digest}")


def _load_report(stressed: Stress, source: Source | None) -> LoadReport:
    latency = stressed.latency
    named = {"p50": latency.p50, "p90": latency.p90, "p99": latency.p99, "p99.9": latency.p999, "max": latency.max}
    return LoadReport(
        source=str(source) if source else None,
        actors=stressed.actors,
        seconds=stressed.seconds,
        rate=stressed.rate,
        calls=stressed.calls,
        throughput=round(stressed.throughput, 1),
        latency={name: round(seconds, 6) for name, seconds in named.items()} if latency.calls else {},
        measured=latency.measured,
        errors=dict(stressed.errors),
        hung=stressed.hung,
        unstarted=stressed.unstarted,
        points=tuple((round(each.at, 4), round(each.latency, 6), each.error) for each in stressed.points(POINTS)),
        notes=stressed.notes,
    )


def caller(root: Path) -> Source | None:
    """The line of the test that called whoever asks."""
    frame = sys._getframe(2)  # noqa: SLF001
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(root):
        return None
    return Source(path=path.relative_to(root).as_posix(), line=frame.f_lineno, function=frame.f_code.co_qualname)


def _here_or_awaited(go: Callable[[asyncio.AbstractEventLoop | None], Came]) -> Came | Awaitable[Came]:
    __tracebackhide__ = True
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    return go(None) if loop is None else asyncio.to_thread(go, loop)


def _kind(fault: object) -> Kind:
    if isinstance(fault, type) or not isinstance(fault, Kind):
        raise UsageError(
            f"parity_race(faults=…): {_said(fault)} is no fault.", fix="faults=[ReplyLost(), SqlState('40001')]"
        )
    return fault


def _said(value: Any) -> str:
    if asyncio.iscoroutine(value):
        return f"the coroutine {getattr(value, '__qualname__', value)}()"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
