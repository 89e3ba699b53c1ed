"""`deep-offset`: OFFSET makes the database read rows only to throw them away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ...core.findings import Remedy
from ..reading import Reading, Step
from ..statements import Execution, Group
from ..values import literal, text_of, whole
from ..wording import count, name, rows
from .n_plus_one import inside, repeats
from .production import outlook
from .protocol import Claim, Evidence

_REMEDY = Remedy(
    text="Page by the last key instead: WHERE (sort_key, id) > ($1, $2) ORDER BY sort_key, id LIMIT n; each page then costs the same."
)


class DeepOffset:
    """The offset that was sent, or the whole table where a loop pages through it."""

    id = "deep-offset"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a group."""
        least = evidence.threshold(self.id, "rows")
        for group in evidence.sorted.groups:
            if group.shape.verb not in ("select", "with") or "offset" not in group.shape.outer:
                continue
            offsets = [each for each in map(offset_of, group.executions) if each is not None]
            reading = evidence.reading(group)
            if not offsets or reading is None:
                continue
            limit = _limit(reading)
            subject = _subject(group, reading)
            whole_rows = limit.below[0].full if limit else 0.0
            if max(offsets) >= least:
                yield evidence.claim(
                    self.id, group, subject=subject, title=f"reads {rows(max(offsets))} to skip them",
                    production=outlook(reading), details={"offset": max(offsets)}, remedy=_REMEDY,
                )  # fmt: skip
            elif whole_rows >= least and _pages_through(evidence, group, offsets):
                yield evidence.claim(
                    self.id, group, subject=subject,
                    title=f"pages through {rows(whole_rows)} by OFFSET: the last page skips them all",
                    production=f"about {count(_pages(whole_rows, offsets))} pages, {count(_read(whole_rows, offsets))} rows read in all",
                    details={"rows": round(whole_rows), "pages": round(_pages(whole_rows, offsets))}, remedy=_REMEDY,
                )  # fmt: skip


def offset_of(execution: Execution) -> int | None:
    """The OFFSET of a statement's outermost LIMIT, where it is a plain number."""
    for slot in reversed(execution.shape.slots):
        if slot.role != "offset":
            continue
        if slot.literals:
            return whole(literal(slot.literals[0]))
        at = slot.parameters[0] - 1
        bound = execution.statement.parameters
        return whole(text_of(bound[at])) if at < len(bound) else None
    return None


def _pages_through(evidence: Evidence, group: Group, offsets: list[int]) -> bool:
    """A loop in the code under test that goes on from page to page."""
    rising = len(offsets) >= 2 and all(before < after for before, after in itertools.pairwise(offsets))
    return rising and repeats(evidence, inside(evidence, group.executions[0]))


def _step(offsets: list[int]) -> int:
    return max(1, offsets[1] - offsets[0])


def _pages(whole_rows: float, offsets: list[int]) -> float:
    return max(1.0, whole_rows / _step(offsets))


def _read(whole_rows: float, offsets: list[int]) -> float:
    return whole_rows * _pages(whole_rows, offsets) / 2


def _limit(reading: Reading) -> Step | None:
    return next((step for step in reading.steps if step.type == "Limit" and step.below), None)


def _subject(group: Group, reading: Reading) -> str:
    scan = max(reading.scans, key=lambda each: each.rows, default=None)
    return name(scan.table, reading.profile) if scan else (group.shape.tables or ("statement",))[0]
