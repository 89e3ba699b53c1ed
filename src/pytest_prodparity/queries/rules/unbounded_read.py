"""`unbounded-read`: the client gets a whole large table, or a large part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.findings import Remedy
from ..conditions import conditions
from ..indexing import asked_of
from ..loops import frame, line
from ..reading import Reading, Scan, Step
from ..statements import Group
from ..wording import count, name, rows, size
from .production import outlook
from .protocol import Claim, Evidence

_STREAMS = (".stream(", "yield_per", "stream_results", ".iterator(", "server_side")


class UnboundedRead:
    """Rows and bytes that would reach the client."""

    id = "unbounded-read"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a SELECT."""
        least, share = evidence.threshold(self.id, "rows"), evidence.threshold(self.id, "share")
        for group, reading in evidence.readings():
            if group.shape.verb not in ("select", "table") or group.streamed or reading.limited:
                continue
            got = reading.root.given
            if got < least or any(step.guessed for step in reading.steps):
                continue
            scan = max(reading.scans, key=lambda each: each.scanned, default=None)
            if scan is None or scan.rows < least or got < share * scan.rows or _streams(evidence, group):
                continue
            if not _sure(reading):
                evidence.cannot_tell(
                    group, f"about {count(got)} rows, by conditions of which production has no statistics"
                )
                continue
            yield self._claim(evidence, group, reading, scan)

    def _claim(self, evidence: Evidence, group: Group, reading: Reading, scan: Scan) -> Claim:
        got = reading.root.given
        octets = got * float(reading.plan.root.get("Plan Width") or 0)
        return evidence.claim(
            self.id, group, subject=name(scan.table, reading.profile),
            title=f"returns {rows(got)}, about {size(octets)}",
            production=outlook(reading, scan.step),
            details={"rows": round(got), "bytes": round(octets), "table_rows": round(scan.rows)},
            remedy=Remedy(
                text="Ask for what is shown: LIMIT with the last key (WHERE id > $1 ORDER BY id LIMIT 100). Only to count or to test: "
                "count(*) or EXISTS in the database. To read all on purpose: a server-side cursor (yield_per, iterator) or COPY."
            ),
        )  # fmt: skip


def _sure(reading: Reading) -> bool:
    """Are all conditions ones that production's statistics know something about?"""
    for scan in reading.scans:
        for each in asked_of(scan):
            if each.kind in ("other", "pattern") and each.column is None and not each.outside:
                return False
    if any(_guessed(key) for step in reading.steps for key in _keys(step)):
        return False
    return all(
        each.kind != "other"
        for step in reading.steps
        for scan in reading.scans
        for each in (
            conditions(step.text("Join Filter"), scan.table, scan.alias) if step.node.get("Join Filter") else ()
        )
    )


def _keys(step: Step) -> list[str]:
    """What groups or makes distinct, where the number of results depends on it."""
    if step.type in ("Aggregate", "Group"):
        return [str(key) for key in step.node.get("Group Key") or ()]
    if step.type == "Unique":
        return [str(key) for below in step.below for key in below.node.get("Sort Key") or ()]
    return []


def _guessed(key: str) -> bool:
    """Nobody knows how many values an expression has: the planner takes as many as its columns have."""
    return (
        re.fullmatch(
            r'(?:(?:\w+|"(?:[^"]|"")+")\.)*(?:\w+|"(?:[^"]|"")+")(?: DESC| ASC)?(?: NULLS (?:FIRST|LAST))?', key
        )
        is None
    )


def _streams(evidence: Evidence, group: Group) -> bool:
    """Does the line that sent it say that it streams? The wire cannot tell libpq's single-row mode from a whole read."""
    for execution in group.executions:
        for text in execution.trip.stack[:2]:
            at = frame(text)
            if at is not None and any(word in line(evidence.root, at) for word in _STREAMS):
                return True
    return False
