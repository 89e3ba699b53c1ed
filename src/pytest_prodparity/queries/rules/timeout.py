"""`timeout`: production would end the statement before it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...core.findings import Remedy
from ..clock import estimate
from ..growth import longest
from ..reading import Reading, Scan
from ..statements import CANCELLED, Group
from ..wording import count, duration, name, timeout
from .production import outlook
from .protocol import Claim, Evidence

_BY_TIMEOUT = "statement timeout"
"""In the server's message; a client that gives up has another one."""


@dataclass(frozen=True, slots=True)
class _Time:
    seconds: float
    title: str
    certain: bool
    """Seen, and not carried over or estimated."""


class Timeout:
    """Real times against `statement_timeout` where the test has rows; else the cost's estimate, with a wide margin."""

    id = "timeout"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a statement, unless the session sets a limit of its own."""
        margin = evidence.threshold(self.id, "margin")
        if _sets_its_own(evidence):
            return
        for group, reading in evidence.readings():
            limit = timeout(reading.profile)
            if limit is None:
                continue
            largest = max(reading.scans, key=lambda scan: scan.scanned, default=None)
            time = _ended(evidence, group, largest, limit) or _measured(evidence, group, largest) or _estimated(reading)
            if time is None or time.seconds < limit * (1.0 if time.certain else margin):
                continue
            yield evidence.claim(
                self.id, group,
                subject=name(largest.table, reading.profile) if largest else (group.shape.tables or ("statement",))[0],
                title=f"{time.title}; statement_timeout is {duration(limit)}",
                production=outlook(reading, largest.step if largest else None),
                details={
                    "seconds": round(time.seconds, 1), "statement_timeout": limit, "margin": margin,
                    "certain": time.certain,
                },
                remedy=Remedy(
                    text="Make it smaller (fewer rows, an index, batches by key), move it to a job, "
                    "or give just this transaction more time: SET LOCAL statement_timeout."
                ),
            )  # fmt: skip


def _ended(evidence: Evidence, group: Group, largest: Scan | None, limit: float) -> _Time | None:
    """The test's own database has ended it: production has more rows, and the same limit."""
    ended = [
        each for each in group.executions
        if each.statement.sqlstate == CANCELLED and _BY_TIMEOUT in (each.statement.error or "")
    ]  # fmt: skip
    seconds = longest(ended)
    if seconds < 0.9 * limit or _smaller(evidence, largest) is None:
        return None  # by a limit of the application's own, or of a client
    return _Time(limit, f"was ended after {duration(seconds)}{_smaller(evidence, largest)}", certain=True)


def _measured(evidence: Evidence, group: Group, largest: Scan | None) -> _Time | None:
    if evidence.growth is None or largest is None:
        return None
    table = largest.table.full_name
    seconds = evidence.growth.seconds_with(group, table, largest.rows)
    if seconds is None:
        return None
    here = longest(group.executions)
    title = f"takes about {duration(seconds)}: it took {duration(here)}{_smaller(evidence, largest)}"
    return _Time(seconds, title, certain=evidence.growth.rows.get(table, 0) >= largest.rows)


def _smaller(evidence: Evidence, scan: Scan | None) -> str | None:
    """` with 1,000,000 of 48,211,904 rows of orders`; None where the test's database has no rows of production's."""
    here = evidence.growth.rows.get(scan.table.full_name, 0) if evidence.growth is not None and scan is not None else 0
    if not here or scan is None:
        return None
    return f" with {count(here)} of {count(scan.rows)} rows of {scan.table.name}"


def _estimated(reading: Reading) -> _Time | None:
    seconds = reading.once(estimate)
    return None if seconds is None else _Time(seconds, f"takes about {duration(seconds)}", certain=False)


def _sets_its_own(evidence: Evidence) -> bool:
    return any("statement_timeout" in statement.sql for trip in evidence.trips for statement in trip.statements)
