"""`over-budget`: the test's own Budget is exceeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...core.findings import Finding, Remedy, Source
from ..budget import spent
from ..wording import count
from .protocol import Claim, Evidence


class OverBudget:
    """One finding for each part of the Budget."""

    id = "over-budget"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """Claims about the test as a whole."""
        budget = evidence.expectation.queries
        if budget is None:
            return
        used = spent(evidence.trips, evidence.sorted)
        for part in ("statements", "trips", "rows"):
            limit, number = getattr(budget, part), getattr(used, part)
            if limit is None or number <= limit:
                continue
            yield Claim(
                None,
                Finding(
                    rule=self.id, subject=part, test=evidence.test, source=_spender(evidence, part, limit),
                    title=f"{count(number)} {part}, the budget is {count(limit)}",
                    details={part: number, "budget": limit, "most_from": _most(evidence, part)},
                    remedy=Remedy(text=f"Send fewer, or raise it: Budget({part}={number})."),
                ),
            )  # fmt: skip


def _lines(evidence: Evidence, part: str) -> Counter[Source | None]:
    lines: Counter[Source | None] = Counter()
    for group in evidence.sorted.groups:
        for execution in group.executions:
            lines[group.source] += execution.statement.rows if part == "rows" else 1
    return lines


def _spender(evidence: Evidence, part: str, limit: int) -> Source | None:
    """The line that spent most; among equal ones the one that went over the budget."""
    lines = _lines(evidence, part)
    lines.pop(None, None)
    most = max(lines.values(), default=0)
    spent = 0
    runs = [(each.order, group, each) for group in evidence.sorted.groups for each in group.executions]
    for _, group, execution in sorted(runs, key=lambda run: run[0]):
        spent += execution.statement.rows if part == "rows" else 1
        if spent > limit and lines.get(group.source) == most:
            return group.source
    return next((source for source, count in lines.items() if count == most), None)


def _ran_out(evidence: Evidence, part: str, limit: int) -> Source | None:
    """The line that sent the first statement, trip or row over the budget."""
    spent = 0
    for trip in evidence.trips if part == "trips" else ():
        spent += 1
        if spent > limit:
            return trip.source
    runs = [
        (each.order, group.source, each.statement.rows) for group in evidence.sorted.groups for each in group.executions
    ]
    for _, source, given in sorted(runs, key=lambda run: run[0]):
        spent += given if part == "rows" else 1
        if spent > limit:
            return source
    return None


def _most(evidence: Evidence, part: str) -> dict[str, int]:
    return {str(source or "elsewhere"): spent for source, spent in _lines(evidence, part).most_common(5)}
