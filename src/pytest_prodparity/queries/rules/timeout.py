"""`timeout`: production would end the statement before it is done."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.findings import Remedy
from ..clock import estimate
from ..wording import duration, name, timeout
from .production import outlook
from .protocol import Claim, Evidence


class Timeout:
    """The estimate against `statement_timeout`, with a wide margin: cost is no clock."""

    id = "timeout"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a statement, unless the session sets a limit of its own."""
        margin = evidence.threshold(self.id, "margin")
        if _sets_its_own(evidence):
            return
        for group, reading in evidence.readings():
            limit, seconds = timeout(reading.profile), reading.once(estimate)
            if limit is None or seconds is None or seconds < limit * margin:
                continue
            largest = max(reading.scans, key=lambda scan: scan.scanned, default=None)
            yield evidence.claim(
                self.id, group,
                subject=name(largest.table, reading.profile) if largest else (group.shape.tables or ("statement",))[0],
                title=f"takes about {duration(seconds)}; statement_timeout is {duration(limit)}",
                production=outlook(reading, largest.step if largest else None),
                details={"seconds": round(seconds, 1), "statement_timeout": limit, "margin": margin},
                remedy=Remedy(
                    text="Make it smaller (fewer rows, an index, batches by key), move it to a job, "
                    "or give just this transaction more time: SET LOCAL statement_timeout."
                ),
            )  # fmt: skip


def _sets_its_own(evidence: Evidence) -> bool:
    return any("statement_timeout" in statement.sql for trip in evidence.trips for statement in trip.statements)
