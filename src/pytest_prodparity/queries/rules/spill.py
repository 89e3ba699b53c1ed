"""`spill`: a sort or a hash is many times larger than production's memory for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.findings import Remedy
from ..reading import Reading, Step
from ..wording import memory, name, rows, size
from .production import outlook
from .protocol import Claim, Evidence

_TUPLE = 24
"""MinimalTuple and palloc headers, bytes a row (relation_byte_size() in costsize.c counts about as many)."""
_ENTRY = 48
"""A hash aggregate's entry besides its row."""


class Spill:
    """Bytes by the planner's rows and widths, against `work_mem`."""

    id = "spill"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """The largest spill of each statement, unless the session asks for memory of its own."""
        factor, least = evidence.threshold(self.id, "factor"), evidence.threshold(self.id, "mb") * 1e6
        if any("work_mem" in statement.sql for trip in evidence.trips for statement in trip.statements):
            return
        for group, reading in evidence.readings():
            # A page is asked for all day, a report once: what is tolerable differs.
            enough = least * PAGE if reading.limited else least
            found = [
                need
                for need in reading.once(_needs)
                if need[0] * need[2].workers >= enough and need[0] >= factor * need[1]
            ]
            if not found:
                continue
            octets, limit, step = max(found, key=lambda each: each[0])
            largest = max(reading.scans, key=lambda scan: scan.rows, default=None)
            yield evidence.claim(
                self.id, group,
                subject=name(largest.table, reading.profile) if largest else (group.shape.tables or ("statement",))[0],
                title=f"{_WORDS[step.type]} {rows(step.full)}, about {size(octets)}, with {size(limit)} of memory",
                production=outlook(reading, step),
                details={"bytes": round(octets), "memory": round(limit), "rows": round(step.full)},
                remedy=Remedy(
                    text="Sort or group fewer or narrower rows (filter first, select only needed columns, LIMIT), let an index give the order, "
                    "or raise work_mem for this statement: SET LOCAL work_mem."
                ),
            )  # fmt: skip


PAGE = 0.25
"""The share of the threshold in megabytes that counts for a statement with a LIMIT."""

_WORDS = {"Sort": "sorts", "Hash": "hashes", "Aggregate": "groups into", "WindowAgg": "keeps"}


def _needs(reading: Reading) -> list[tuple[float, float, Step]]:
    return [(*_need(step, reading), step) for step in reading.steps]


def _need(step: Step, reading: Reading) -> tuple[float, float]:
    """Bytes that one run needs in one process, and what it may use."""
    settings = reading.profile.settings
    work = memory(settings.get("work_mem")) or 4 * 1024**2
    hashed = work * float(settings.get("hash_mem_multiplier") or 2.0)
    width = float(step.node.get("Plan Width") or 0)
    count = step.node.rows
    if step.type == "Sort" and not any(below.guessed for below in step.walk()):
        return _kept(step, count) * (width + _TUPLE), work
    if step.type == "Hash":
        return count * (width + _TUPLE), hashed
    if step.type == "WindowAgg" and _over_everything(step):
        return step.below[0].full * (width + _TUPLE), work
    if step.type == "Aggregate" and step.node.get("Strategy") in ("Hashed", "Mixed") and not step.guessed:
        return count * (width + _ENTRY), hashed
    return 0.0, work


def _over_everything(step: Step) -> bool:
    """`OVER ()`: nodeWindowAgg.c keeps all rows of a partition until its last one, and here that is the table's last."""
    window = step.node.get("Window")
    return isinstance(window, str) and re.search(r"AS \(\s*\)$", window) is not None and bool(step.below)


def _kept(step: Step, count: float) -> float:
    """Below a LIMIT a sort keeps only as many rows."""
    for above in step.up():
        if above.type == "Limit":
            return min(count, above.full)
        if above.type not in ("Gather Merge", "Gather", "LockRows", "Subquery Scan", "Result"):
            break
    return count
