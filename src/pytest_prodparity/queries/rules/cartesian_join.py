"""`cartesian-join`: every row of one table meets every row of another."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.findings import Remedy
from ..conditions import conditions
from ..reading import Reading, Scan, Step
from ..statements import Group
from ..wording import count, name
from .production import outlook
from .protocol import Claim, Evidence

_MADE = {"Function Scan", "Values Scan", "ProjectSet", "Table Function Scan", "WorkTable Scan", "Result"}


class CartesianJoin:
    """Nested loops without any condition between their sides."""

    id = "cartesian-join"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """The largest product of each statement."""
        least = evidence.threshold(self.id, "rows")
        for group, reading in evidence.readings():
            if "cross" in group.shape.words:
                continue
            products = [step for step in reading.once(_products) if step.below[0].full * step.below[1].full >= least]
            if products:
                yield self._claim(evidence, group, reading, max(products, key=lambda step: step.full))

    def _claim(self, evidence: Evidence, group: Group, reading: Reading, step: Step) -> Claim:
        outer, inner = step.below[0], step.below[1]
        tables = [_largest(reading, side) for side in (outer, inner)]
        names = [name(scan.table, reading.profile) for scan in tables]
        return evidence.claim(
            self.id, group, subject=name(max(tables, key=lambda scan: scan.rows).table, reading.profile),
            title=f"joins {count(outer.full)} x {count(inner.full)} rows without a condition: {count(outer.full * inner.full)} rows",
            production=outlook(reading, step),
            details={"outer_rows": round(outer.full), "inner_rows": round(inner.full), "tables": names},
            remedy=Remedy(
                text=f"Join {names[0]} and {names[1]} by their key (JOIN … ON …). If every pair is meant, say so with CROSS JOIN."
            ),
        )  # fmt: skip


def _products(reading: Reading) -> list[Step]:
    return [step for step in reading.steps if step.type == "Nested Loop" and _is_product(step, reading)]


def _is_product(step: Step, reading: Reading) -> bool:
    if len(step.below) < 2 or step.node.get("Join Type") != "Inner":
        return False
    outer, inner = step.below[0], step.below[1]
    if step.node.get("Join Filter") or outer.full <= 1 or inner.full <= 1:
        return False
    if inner.mentions(outer.aliases()) or outer.mentions(inner.aliases()) or step.mentions_outside():
        return False
    sides = [[scan for scan in reading.scans if scan.step in list(side.walk())] for side in (outer, inner)]
    if not all(sides) or any(_made(side) for side in (outer, inner)):
        return False
    return not _same_constant(*sides)


def _largest(reading: Reading, side: Step) -> Scan:
    steps = list(side.walk())
    return max((scan for scan in reading.scans if scan.step in steps), key=lambda scan: scan.rows)


def _made(side: Step) -> bool:
    """Rows that a statement makes by itself: a calendar, a list of values, one aggregate."""
    while side.type in ("Materialize", "Subquery Scan", "Memoize") and side.below:
        side = side.below[0]
    return side.type in _MADE or (side.type == "Aggregate" and side.node.get("Strategy") == "Plain")


def _same_constant(left: list[Scan], right: list[Scan]) -> bool:
    """`a.x = b.x AND a.x = 5` is planned as two filters: the join's condition is in both sides' equal constants."""
    return bool(_constants(left) & _constants(right))


def _constants(scans: list[Scan]) -> set[str]:
    found: set[str] = set()
    for scan in scans:
        for field in ("Filter", "Index Cond", "Recheck Cond"):
            for each in conditions(scan.step.text(field), scan.table, scan.alias):
                if each.kind in ("equal", "any") and not each.outside:
                    found.add(each.other.split("::")[0])
        for below in scan.step.below:
            for each in conditions(below.text("Index Cond"), scan.table, scan.alias):
                if each.kind in ("equal", "any") and not each.outside:
                    found.add(each.other.split("::")[0])
    return found
