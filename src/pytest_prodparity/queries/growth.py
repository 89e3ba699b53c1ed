"""The same test on fewer rows: what grows with the volume, and how fast."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..core.findings import Source
from ..wire.trip import Trip
from .statements import Execution, Group, sort

FEWER = 4
"""The rehearsal has one row for so many of the test's."""
LESS = "a quarter of the rows"
MEASURABLE = 0.1
"""Seconds from which a statement's time says more than the machine's noise."""
COMPARABLE = 0.02
"""The same for the rehearsal's, to which it is compared."""
STEEPEST = 2.0
"""A statement's time is not taken to grow faster than with this power of the rows."""
REACH = 10.0
"""A time measured on a table is not carried over to one that is more often as large."""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a test's database held, and what the same test sent when it held fewer rows."""

    rows: Mapping[str, int]
    """Of each table, by full name, where the test ran."""
    fewer: Mapping[str, int] = field(default_factory=dict)
    """The same where it was rehearsed; empty where it was not."""
    trips: Sequence[Trip] = ()
    """Of the rehearsal."""

    @cached_property
    def _groups(self) -> dict[tuple[str, Source | None], Group]:
        return {(group.shape.key, group.source): group for group in sort(self.trips).groups}

    def slope(self, group: Group) -> Slope | None:
        """How a statement changed from the rehearsal to the test; None where the rehearsal did not send it."""
        before = self._groups.get((group.shape.key, group.source))
        if before is None or not self.fewer:
            return None
        return Slope(
            times=(len(before.executions), len(group.executions)),
            rows=(_rows(before.executions), _rows(group.executions)),
            seconds=(longest(before.executions), longest(group.executions)),
        )

    def seconds_with(self, group: Group, table: str, rows: float) -> float | None:
        """How long the statement takes where `table` has so many `rows`, from the times that were measured.

        None where they are too short to tell, or the table is too small to tell of that one.
        """
        here, measured = self.rows.get(table, 0), longest(group.executions)
        if measured < MEASURABLE or not here or rows / here > REACH:
            return None
        if rows <= here:
            return measured
        slope, before = self.slope(group), self.fewer.get(table, 0)
        if slope is None or not before or before >= here or slope.seconds[0] < COMPARABLE:
            return None
        power = math.log(measured / slope.seconds[0]) / math.log(here / before)
        return float(measured * (rows / here) ** min(max(power, 0.0), STEEPEST))


@dataclass(frozen=True, kw_only=True, slots=True)
class Slope:
    """One statement in the rehearsal and in the test."""

    times: tuple[int, int]
    rows: tuple[int, int]
    """That came back, of all executions."""
    seconds: tuple[float, float]
    """Of the longest execution."""

    @property
    def repeats(self) -> bool:
        """Was it sent the more often, the more rows there were?"""
        return self.times[1] >= 2 * self.times[0] and self.times[1] - self.times[0] >= 5

    @property
    def returns(self) -> bool:
        """Did more rows come back?"""
        return self.rows[1] >= 2 * self.rows[0] and self.rows[1] - self.rows[0] >= 5


def longest(executions: Iterable[Execution]) -> float:
    """Seconds of the longest trip that carried nothing else and came to its end."""
    return max(
        (each.trip.ended - each.trip.started for each in executions if len(each.trip.statements) == 1), default=0.0
    )


def _rows(executions: Iterable[Execution]) -> int:
    return sum(each.statement.rows for each in executions)
