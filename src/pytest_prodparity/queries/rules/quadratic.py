"""`quadratic`: rows of one scan are read again for each row of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...core.findings import Remedy
from ..growth import FEWER, LESS
from ..indexing import prove, remedy
from ..reading import Reading, Scan, Step
from ..statements import Group
from ..wording import count, name
from .production import outlook
from .protocol import Claim, Evidence

PART = 0.05
"""Of a table, for each row of another: more than a key would find."""


SENT = 100
"""Executions below which nothing is said about how they grow."""
STEEP = 0.6 * FEWER**2
"""So many times as often as in the rehearsal is more than any growth with the rows alone."""


@dataclass(frozen=True, slots=True)
class _Work:
    step: Step
    outer: float
    inner: float
    cause: str
    """`subquery`, `not in` or `join`."""

    @property
    def total(self) -> float:
        return self.outer * self.inner


class Quadratic:
    """Work that is a product of two row counts, both of production's size."""

    id = "quadratic"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """The worst product of each statement; and what is sent with the square of the volume."""
        least = evidence.threshold(self.id, "rows")
        yield from self._sent(evidence)
        for group, reading in evidence.readings():
            found = [
                work for work in reading.once(_works) if work.total >= least and min(work.outer, work.inner) >= 100
            ]
            if found:
                yield self._claim(evidence, group, reading, max(found, key=lambda work: work.total))

    def _sent(self, evidence: Evidence) -> Iterator[Claim]:
        for group in evidence.sorted.groups:
            slope = evidence.slope(group)
            if slope is None or group.source is None or slope.times[1] < SENT:
                continue
            if slope.times[1] >= STEEP * slope.times[0]:
                yield evidence.claim(
                    self.id, group, subject=(group.shape.tables or ("statement",))[0],
                    title=f"runs {count(slope.times[1])} times, and {count(slope.times[0])} with {LESS}: the square of the rows",
                    details={"times": slope.times[1], "times_with_fewer_rows": slope.times[0], "cause": "loops"},
                    remedy=Remedy(text=_TEXTS["loops"]),
                )  # fmt: skip

    def _claim(self, evidence: Evidence, group: Group, reading: Reading, work: _Work) -> Claim:
        assert evidence.plans is not None
        scan = _scan_of(reading, work.step)
        fix: Remedy | None = None
        if scan is not None and work.cause != "not in":
            proof, _ = prove(scan, reading, evidence.asked(group)[1], evidence.plans)
            fix = remedy(proof, scan, reading.profile) if proof else None
        table = name(scan.table, reading.profile) if scan else (group.shape.tables or ("statement",))[0]
        return evidence.claim(
            self.id, group, subject=table,
            title=f"compares {count(work.outer)} x {count(work.inner)} rows: {count(work.total)} in all",
            production=outlook(reading, work.step),
            details={"outer_rows": round(work.outer), "inner_rows": round(work.inner), "cause": work.cause},
            remedy=fix or Remedy(text=_TEXTS[work.cause]),
        )  # fmt: skip


_TEXTS = {
    "loops": "Two loops over rows are inside each other: read both sides once, and put them together by key (a dict, or a JOIN).",
    "subquery": "Write the subquery as a JOIN with a grouped subquery, so that its table is read once, or index the column that it is looked up by.",
    "not in": "Write NOT IN (SELECT …) as NOT EXISTS (SELECT 1 … WHERE key = outer key): that is an anti-join, which reads each table once.",
    "join": "Join on equality where possible: a comparison, an OR or a function between two tables lets the database only try all pairs.",
}


def _works(reading: Reading) -> list[_Work]:
    return list(_found(reading))


def _found(reading: Reading) -> Iterator[_Work]:
    for step in reading.steps:
        if step.node.get("Parent Relationship") == "SubPlan" and step.calls > 1:
            # Below a Materialize the table is read once, but what it kept is gone through for each row.
            kept = step.type == "Materialize"
            inner = step.full * step.fraction if kept else _scanned_once(reading, step)
            yield _Work(step, step.calls, inner, "not in" if kept else "subquery")
        elif step.type == "Nested Loop" and len(step.below) > 1:
            work = _loop(reading, step, step.below[0], step.below[1])
            if work is not None:
                yield work


def _loop(reading: Reading, step: Step, outer: Step, inner: Step) -> _Work | None:
    if inner.type == "Seq Scan":
        if step.node.get("Join Filter") or inner.node.get("Filter"):
            return _Work(inner, outer.given, _scanned_once(reading, inner), "join")
    elif inner.type in ("Materialize", "Subquery Scan", "CTE Scan"):
        if step.node.get("Join Filter"):
            return _Work(inner, outer.given, inner.full, "join")
    elif inner.type in ("Index Scan", "Index Only Scan"):
        # A range as the join's condition: each row meets a large part of the other table.
        scan = _scan_of(reading, inner)
        if scan is not None and inner.full >= PART * scan.rows:
            return _Work(inner, outer.given, inner.full, "join")
    return None


def _scanned_once(reading: Reading, step: Step) -> float:
    """Rows that one run of a step reads by scanning."""
    inside = list(step.walk())
    total = 0.0
    for scan in reading.scans:
        if scan.step in inside and not scan.step.node.get("Index Cond"):
            total += scan.scanned / max(1.0, scan.step.calls) * (max(1.0, scan.step.calls) / max(1.0, step.calls))
    return total


def _scan_of(reading: Reading, step: Step) -> Scan | None:
    inside = list(step.walk())
    return max((scan for scan in reading.scans if scan.step in inside), key=lambda scan: scan.rows, default=None)
