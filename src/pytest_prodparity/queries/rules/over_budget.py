"""`over-budget`: the test's own Budget is exceeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...core.findings import Finding, Remedy
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
                    rule=self.id, subject=part, test=evidence.test,
                    title=f"{count(number)} {part}, the budget is {count(limit)}",
                    details={part: number, "budget": limit, "most_from": _most(evidence, part)},
                    remedy=Remedy(text=f"Send fewer, or raise it: Budget({part}={number})."),
                ),
            )  # fmt: skip


def _most(evidence: Evidence, part: str) -> dict[str, int]:
    """The lines that spent most."""
    lines: Counter[str] = Counter()
    for group in evidence.sorted.groups:
        for execution in group.executions:
            lines[str(group.source or "elsewhere")] += execution.statement.rows if part == "rows" else 1
    return dict(lines.most_common(5))
