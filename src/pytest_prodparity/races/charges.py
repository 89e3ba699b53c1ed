"""From what happened under a load to findings."""

from __future__ import annotations

import linecache
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ..core.findings import Finding, Remedy, Source
from ..queries.fingerprint import masked, shape
from ..wire.source import Line, Lines
from ..wire.trip import Trip
from . import escaped, queues
from .escaped import Escapes

HANG = "hang"
BROKEN = "invariant-broken"
_SEEN = {"40P01": escaped.DEADLOCK, "40001": escaped.NOT_SERIALIZABLE}
_WHAT = {
    escaped.DEADLOCK: "ended in a deadlock, and nobody tried again",
    escaped.NOT_SERIALIZABLE: "failed to serialize (40001), and nobody tried again",
    escaped.POOL: "got no connection from the pool",
}
_REMEDIES = {
    escaped.DEADLOCK: "Lock rows in one order everywhere (ORDER BY the key before FOR UPDATE, sort the ids before the loop), and try the whole transaction again on 40P01.",
    escaped.NOT_SERIALIZABLE: "Try the whole transaction again, on 40001, a few times with a growing pause; under REPEATABLE READ and SERIALIZABLE it belongs to normal operation.",
    escaped.POOL: "Hold a connection for the statements only, never two at once in one call, nor while waiting for something else; then size the pool by the calls that run at once.",
    HANG: "Give each wait an end: statement_timeout, lock_timeout, a timeout on the pool, asyncio.timeout.",
    BROKEN: "Make the check and the change one statement, or lock what was read (FOR UPDATE), or add the constraint to the table; parity_race shows the order that breaks it.",
}


class Database:
    """A tap: what the server said to all calls, also to those that try again."""

    def __init__(self) -> None:
        self.trips = 0
        self.states: Counter[str] = Counter()
        self.statements: dict[str, Counter[str]] = {rule: Counter() for rule in _SEEN.values()}

    def trip(self, trip: Trip) -> None:
        """Count it."""
        self.trips += 1
        for each in trip.statements:
            if each.sqlstate is not None:
                self.states[each.sqlstate] += 1
                if each.sqlstate in _SEEN:
                    self.statements[_SEEN[each.sqlstate]][each.sql[:2000]] += 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Hung:
    """One call that had to be ended."""

    due: float
    """As `began`, of `time.monotonic()`."""
    began: float
    seconds: float
    source: Source | None
    waits: str
    """`pool`, `sleep`, or empty."""
    stack: tuple[str, ...] = ()


def hung(lines: Lines, stack: list[FrameType], due: float, began: float, now: float) -> Hung:
    """Where a call stands that does not come back."""
    found: list[Line] = []
    for frame in stack:
        lines.of_frame(frame, found)
    return Hung(
        due=due,
        began=began,
        seconds=now - began,
        source=found[0][0] if found else None,
        waits="pool" if queues.in_pool(stack) else "sleep" if _sleeps(stack) else "",
        stack=tuple(text for _, text in found),
    )


def _sleeps(stack: list[FrameType]) -> bool:
    if not stack:
        return False
    inner = stack[0]
    if inner.f_globals.get("__name__") == "asyncio.tasks":
        return inner.f_code.co_name == "sleep"
    # `time.sleep` has no frame of its own.
    return "sleep(" in linecache.getline(inner.f_code.co_filename, inner.f_lineno or 0)


@dataclass(kw_only=True)
class Charges:
    """All that is known when the load is over."""

    escapes: Escapes
    database: Database
    total: int
    """Calls, however they ended."""
    actors: int
    hung: tuple[Hung, ...] = ()
    blocked: tuple[queues.LockWait, ...] = ()
    """Who waited for whom when it was given up."""
    broken: AssertionError | None = None
    """The invariant's."""
    broken_false: bool = False
    found: list[Finding] = field(default_factory=list)

    def findings(self, lines: Lines, root: Path) -> tuple[Finding, ...]:
        """In the order of how much they explain."""
        for rule in (escaped.DEADLOCK, escaped.POOL, escaped.NOT_SERIALIZABLE):
            self._escaped(rule)
        self._hung()
        if self.broken is not None or self.broken_false:
            self._broken(lines, root)
        return tuple(self.found)

    def _escaped(self, rule: str) -> None:
        kinds = self.escapes.of(rule)
        stuck = [each for each in self.hung if each.waits == "pool"] if rule == escaped.POOL else []
        count = sum(number for _, number in kinds) + len(stuck)
        if not count:
            return
        what = _WHAT[rule]
        details: dict[str, object] = {}
        if kinds:
            details["errors"] = {kind.label: number for kind, number in kinds}
        if stuck:
            details["waiting"] = dict(Counter(str(each.source) for each in stuck).most_common(5))
        if any(kind.full for kind, _ in kinds):
            what = "got no connection: the server has no more"
        elif stuck and not kinds:
            longest = max(each.seconds for each in stuck)
            what = f"waited for a connection of the pool until they were ended, for {longest:.1f} s"
        self._add(
            rule,
            f"{count:,} of {self.total:,} calls {what}",
            source=kinds[0][0].source if kinds else stuck[0].source,
            statement=self._statement(rule),
            details=details,
        )

    def _hung(self) -> None:
        others: dict[Source | None, list[Hung]] = {}
        for each in self.hung:
            if each.waits != "pool":
                others.setdefault(each.source, []).append(each)
        for source, calls in others.items():
            longest = max(each.seconds for each in calls)
            details: dict[str, object] = {"stack": list(calls[0].stack[:5])}
            if self.blocked and calls[0].waits != "sleep":
                first = self.blocked[0]
                details["lock"] = f"{first.waiting} waits behind {first.blocking} ({first.state})"
            title = f"{len(calls):,} of {self.total:,} calls did not come back, for {longest:.1f} s, and were ended"
            self._add(HANG, title, source=source, details=details)

    def _broken(self, lines: Lines, root: Path) -> None:
        source: Source | None = None
        details: dict[str, object] = {}
        if self.broken is not None:
            found: list[Line] = []
            lines.of_trace(self.broken.__traceback__, found)
            if found:
                source = found[0][0]
                text = linecache.getline(str(root / source.path), source.line).strip()
                details = {"assertion": text} if text else {}
        title = f"the invariant does not hold after {self.total:,} calls by {self.actors} actors"
        self._add(BROKEN, title, source=source, details=details)

    def _statement(self, rule: str) -> str | None:
        most = self.database.statements.get(rule, Counter()).most_common(1)
        return most[0][0] if most else None

    def _add(
        self, rule: str, title: str, *, source: Source | None, statement: str | None = None, details: dict[str, object]
    ) -> None:
        tables = shape(statement).tables if statement else ()
        self.found.append(
            Finding(
                rule=rule,
                title=title,
                subject=tables[0] if tables else (source.function if source else ""),
                source=source,
                statement=masked(statement) if statement else None,
                details={"actors": self.actors, "calls": self.total, **details},
                remedy=Remedy(text=_REMEDIES[rule]),
            )
        )
