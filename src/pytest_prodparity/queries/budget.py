"""What a test spent: statements, round trips, rows."""

from __future__ import annotations

from dataclasses import dataclass

from ..wire.trip import Trip
from .fingerprint import shape
from .statements import Sorted, kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Of the test itself: catalogue queries, SET and transaction control are not its statements."""

    statements: int
    trips: int
    """Round trips, those of transaction control included: production pays for them too."""
    rows: int


def spent(trips: tuple[Trip, ...], found: Sorted) -> Spent:
    """Count one test's spending."""
    executions = [execution for group in found.groups for execution in group.executions]
    counted = 0
    for trip in trips:
        kinds = [kind(shape(each.sql)) for each in trip.statements if not each.described_only]
        counted += any(each in ("own", "transaction") for each in kinds)
    return Spent(
        statements=len(executions), trips=counted, rows=sum(execution.statement.rows for execution in executions)
    )
