"""A test's executions, grouped by fingerprint and source line, apart from what no developer wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..core.findings import Source
from ..wire.trip import Statement, Trip
from .fingerprint import Shape, shape

TRANSACTION = {"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare"}
PLANNABLE = {"select", "insert", "update", "delete", "merge", "values", "table", "with", "declare", "execute"}
CANCELLED = "57014"
"""`query_canceled`: by statement_timeout, or by a client that waited no longer."""
_CATALOGUES = ("pg_catalog.", "information_schema.", "pg_")
_PROBES = {"version", "current_schema", "current_database", "current_user", "pg_is_in_recovery", "current_setting",
           "set_config", "current_schemas", "pg_backend_pid", "pg_advisory_lock", "pg_advisory_xact_lock", "now",
           "current_timestamp", "pg_advisory_unlock", "pg_try_advisory_lock", "pg_try_advisory_xact_lock"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Execution:
    """One statement as it ran once."""

    trip: Trip
    statement: Statement
    shape: Shape
    order: int
    """Position among all executions of the test."""

    @property
    def values(self) -> tuple[object, ...]:
        """What it was asked about: bound values and literals. Compared with each other, never shown."""
        bound = tuple(parameter.value for parameter in self.statement.parameters)
        return bound + tuple(literal for slot in self.shape.slots for literal in slot.literals)


@dataclass(frozen=True, slots=True)
class Group:
    """All executions of one fingerprint from one source line, in order."""

    shape: Shape
    source: Source | None
    executions: tuple[Execution, ...]

    @property
    def sql(self) -> str:
        """The statement without values, on one line."""
        return self.shape.text

    @property
    def streamed(self) -> bool:
        """Does the client fetch piece by piece (a portal, a cursor), or does the server copy?"""
        return any(execution.statement.suspended for execution in self.executions)


@dataclass(slots=True)
class Sorted:
    """One test's statements by what they are."""

    groups: list[Group] = field(default_factory=list)
    """Statements that someone wrote, and that have a plan. In order of their first execution."""
    failed: int = 0
    """Executions that ended in an error: the test has seen it. One that took too long did its work, and is judged."""
    catalogue: int = 0
    transaction: int = 0
    utility: int = 0
    """SET, SHOW, LISTEN, COPY FROM, DDL, FETCH: nothing to plan."""


@lru_cache(maxsize=4096)
def kind(a_shape: Shape) -> str:
    """`own`, `catalogue`, `transaction` or `utility`."""
    if a_shape.verb in TRANSACTION:
        return "transaction"
    if a_shape.verb == "copy":
        return "utility" if "from" in a_shape.outer else "own"
    if a_shape.verb in ("do", "call"):
        return "own"  # what it does inside is not seen: the planner says so
    if a_shape.verb not in PLANNABLE:
        return "utility"
    if a_shape.tables:
        catalogue = all(table.lower().startswith(_CATALOGUES) for table in a_shape.tables)
        return "catalogue" if catalogue else "own"
    called = {a_shape.words[at - 1] for at, word in enumerate(a_shape.words) if word == "(" and at}
    called |= set(a_shape.words) & _PROBES
    if not called - {"in", "select"} or called & _PROBES or "pg_catalog" in a_shape.words:
        return "catalogue"
    return "own"


def sort(trips: Sequence[Trip]) -> Sorted:
    """Group what the trips carried. Statements that were only described have not run and count nowhere."""
    found = Sorted()
    groups: dict[tuple[str, Source | None], list[Execution]] = {}
    order = 0
    for trip in sorted(trips, key=lambda each: each.started):
        for statement in trip.statements:
            if statement.described_only:
                continue
            a_shape = shape(statement.sql)
            what = kind(a_shape)
            if statement.sqlstate not in (None, CANCELLED):
                found.failed += 1
            elif what == "own":
                order += 1
                groups.setdefault((a_shape.key, trip.source), []).append(Execution(trip, statement, a_shape, order))
            elif a_shape.verb:
                setattr(found, what, getattr(found, what) + 1)
    _place(groups)
    found.groups = [Group(runs[0].shape, source, tuple(runs)) for (_, source), runs in groups.items()]
    return found


def _place(groups: dict[tuple[str, Source | None], list[Execution]]) -> None:
    """Put executions whose line was not seen to those of the same statement and sender, where there is just one line."""
    for key in [each for each in groups if each[1] is None]:
        same = [other for other in groups if other[0] == key[0] and other[1] is not None]
        if len(same) != 1:
            continue
        known = groups[same[0]]
        actors = {each.trip.actor for each in known}
        groups[same[0]] = sorted(
            known + [each for each in groups[key] if each.trip.actor in actors], key=lambda each: each.order
        )
        groups[key] = [each for each in groups[key] if each.trip.actor not in actors]
        if not groups[key]:
            del groups[key]
