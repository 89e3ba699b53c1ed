"""What a test left under way -> findings: only what the code under test began during the call, and nobody else keeps.

A test that opens a connection, or whose fixture does, may leave it open: that is its own way of working, and says
nothing about production.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ..core.findings import Finding, Remedy, Source
from ..databases.delta.fence import Leak
from ..wire.connection import Open
from ..wire.trip import Trip
from .fingerprint import shape
from .loops import frame

RULE = "leak"
_REMEDY = Remedy(
    text="Close what was opened: with around the connection or session, or commit(), rollback() or close() in a finally."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Something that had to be ended after a test, and its connection as long as the client has it open."""

    leak: Leak
    connection: Open | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """Where it began, and what was sent since."""

    source: Source
    statement: str | None = None
    lines: frozenset[Source | None] = frozenset()


def find(
    left: Iterable[Left], trips: Sequence[Trip], *, test: str, started: float, accepted: Collection[Source | None] = ()
) -> list[Finding]:
    """One finding for each kind and line. `trips` are those of the test's call, which began at `started`.

    `accepted`: lines of transactions whose being left open is accepted already.
    """
    call = _Call(trips, test.partition("::")[0], started)
    found: dict[tuple[str, Source], Finding] = {}
    for each in left:
        kind = _KINDS.get(each.leak.what)
        begun = kind.begun(call, each) if kind is not None else None
        if kind is None or begun is None or not begun.lines.isdisjoint(accepted):
            continue
        opened = each.connection.source if each.connection is not None else None
        found.setdefault(
            (each.leak.what, begun.source),
            Finding(
                rule=RULE, subject=each.leak.what, title=kind.title, test=test, source=begun.source, statement=begun.statement,
                production=kind.production, details={"opened": str(opened)} if opened else {}, remedy=_REMEDY,
            ),
        )  # fmt: skip
    return list(found.values())


def keeps(connection: Open, trips: Sequence[Trip], *, test: str, started: float) -> bool:
    """Did the code under test open the connection during the call, and leave a transaction open that is its own?"""
    call = _Call(trips, test.partition("::")[0], started)
    left = Left(leak=Leak(pid=connection.backend, what="open transaction"), connection=connection)
    return connection.since >= started and _transaction(call, left) is not None


class _Call:
    """What the call sent, and whose a line is."""

    def __init__(self, trips: Sequence[Trip], path: str, started: float) -> None:
        self._trips = trips
        self._path = path
        self.started = started

    @property
    def trips(self) -> Sequence[Trip]:
        """In the order in which they ended."""
        return self._trips

    def of(self, backend: int) -> list[Trip]:
        """Those of one connection."""
        return [trip for trip in self._trips if trip.backend == backend]

    def is_tested(self, source: Source | None) -> bool:
        """Is it a line of the code under test, as against the test's own file and its fixtures?"""
        return source is not None and source.path != self._path and not source.path.endswith("conftest.py")

    def line(self, stack: Sequence[str]) -> tuple[str, int] | None:
        """Of the test's file, the line from which a stack came."""
        for text in stack:
            at = frame(text)
            if at is not None and not self.is_tested(Source(path=at.path, line=at.line)):
                return at.path, at.line
        return None

    def keeps(self, connection: Open, own: Sequence[Trip], since: Sequence[Trip]) -> bool:
        """Does the code under test keep the connection itself: did it send all of this in one call by the test?

        What it handed to the test, or was handed by it, is the test's to end.
        """
        if not all(self.is_tested(trip.source) for trip in since):
            return False
        lines = {self.line(trip.stack) for trip in since}
        if len(lines) > 1:
            return False
        if connection.since < self.started:
            return True  # of a pool, or the application's own: it was at rest when the test began
        opened = self.line(connection.stack)
        return self.is_tested(connection.source) and (
            opened in lines or any(self.line(trip.stack) == opened for trip in own)
        )


def _transaction(call: _Call, left: Left) -> _Begun | None:
    own = call.of(left.leak.pid)
    at = len(own)
    while at > 0 and own[at - 1].after in ("T", "E"):
        at -= 1
    since = own[at:]
    if not since or since[0].before != "I" or left.connection is None or not call.keeps(left.connection, own, since):
        return None
    assert since[0].source is not None
    return _Begun(since[0].source, _statement(since[-1]), frozenset(trip.source for trip in since))


def _lock(call: _Call, left: Left) -> _Begun | None:
    own = call.of(left.leak.pid)
    taken = [trip for trip in own if any(_takes_a_lock(each.sql) for each in trip.statements)]
    if not taken or left.connection is None or not call.keeps(left.connection, own, taken[-1:]):
        return None
    assert taken[-1].source is not None
    return _Begun(taken[-1].source, _statement(taken[-1]))


def _takes_a_lock(sql: str) -> bool:
    text = sql.lower()
    return "advisory_lock" in text and "xact" not in text and "unlock" not in text


def _prepared(call: _Call, left: Left) -> _Begun | None:
    for trip in call.trips:
        if trip.source is None or not call.is_tested(trip.source):
            continue
        if any(each.tag == "PREPARE TRANSACTION" and left.leak.name in each.sql for each in trip.statements):
            return _Begun(trip.source, _statement(trip))
    return None


def _running(call: _Call, left: Left) -> _Begun | None:
    connection = left.connection
    if connection is None or connection.since < call.started or not call.is_tested(connection.source):
        return None
    assert connection.source is not None
    return _Begun(connection.source)


def _statement(trip: Trip) -> str | None:
    return shape(trip.statements[-1].sql).text if trip.statements else None


@dataclass(frozen=True, slots=True)
class _Kind:
    begun: Callable[[_Call, Left], _Begun | None]
    title: str
    production: str


_KINDS = {
    "open transaction": _Kind(
        _transaction,
        "1 transaction is still open when the test is over",
        "its connection stays idle in transaction: it keeps its locks and holds back VACUUM",
    ),
    "advisory lock": _Kind(
        _lock,
        "1 advisory lock is still held when the test is over",
        "everyone else who wants it waits until that connection ends",
    ),
    "prepared transaction": _Kind(
        _prepared,
        "1 prepared transaction is neither committed nor rolled back",
        "it keeps its locks and holds back VACUUM, over restarts too, until somebody ends it by hand",
    ),
    "running statement": _Kind(
        _running,
        "1 statement is still running when the test is over",
        "it keeps its connection and its locks, and nobody waits for its result",
    ),
}
