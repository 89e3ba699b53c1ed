"""`idle-in-transaction`: a trip to nowhere while a transaction is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...core.findings import Finding, Remedy, Source
from ...wire.trip import Trip
from ..fingerprint import shape
from ..loops import frame
from ..pauses import Pause
from ..wording import duration
from .protocol import Claim, Evidence

_WRITES = {"insert", "update", "delete", "merge"}


class IdleInTransaction:
    """Waits that were seen to stand still in the code under test, and writes that were never committed."""

    id = "idle-in-transaction"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a line, about no statement of its own."""
        least = evidence.threshold(self.id, "ms") / 1000
        waits: dict[Source, list[_Wait]] = {}
        for wait in _waits(evidence):
            waits.setdefault(wait.pause.source, []).append(wait)
        for source, found in waits.items():
            longest = max(found, key=lambda wait: wait.seconds)
            if longest.seconds >= least and not _the_tests_own(evidence, longest.pause):
                yield self._waited(evidence, source, longest, len(found))
        yield from self._left_open(evidence)

    def _waited(self, evidence: Evidence, source: Source, wait: _Wait, times: int) -> Claim:
        before = next(
            (trip for trip in evidence.trips if (trip.connection, trip.number) == (wait.pause.connection, wait.pause.trip)),
            None,
        )  # fmt: skip
        return Claim(
            None,
            Finding(
                rule=self.id, subject=_subject(before), test=evidence.test,
                # The statement's line is the problem's place: one wait may be harmless everywhere else.
                source=before.source if before is not None and before.source is not None else source,
                title=f"{duration(wait.seconds)} of waiting at {source} while a transaction is open",
                statement=shape(before.statements[-1].sql).text if before and before.statements else None,
                production="keeps its locks and its connection that long, and holds back VACUUM",
                details={"ms": round(wait.seconds * 1000), "times": times, "waits_at": str(source), "stack": list(wait.pause.stack)},
                remedy=Remedy(text="Commit before the call, or make the call first: a transaction should hold database work only."),
            ),
        )  # fmt: skip

    def _left_open(self, evidence: Evidence) -> Iterator[Claim]:
        last: dict[int, Trip] = {}
        for trip in evidence.trips:
            last[trip.connection] = trip
        for number, trip in last.items():
            own = [each for each in evidence.trips if each.connection == number]
            if number not in evidence.left_open or trip.after != "T" or own[0].number != 1:
                continue
            wrote = [each for each in _transaction(own) if _verbs(each) & _WRITES]
            if not wrote or wrote[-1].source is None or any(evidence.in_test_itself(each.source) for each in own):
                continue
            yield Claim(
                None,
                Finding(
                    rule=self.id, subject=_subject(wrote[-1]), test=evidence.test, source=wrote[-1].source,
                    title="1 transaction with changes is neither committed nor rolled back",
                    statement=shape(wrote[-1].statements[-1].sql).text,
                    production="its locks stay until the connection ends, and then the changes are lost",
                    remedy=Remedy(text="Commit: with connection.transaction(), session.begin(), or an explicit commit()."),
                ),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wait:
    pause: Pause
    seconds: float


def _waits(evidence: Evidence) -> Iterator[_Wait]:
    """What is left of each pause when other trips to the database are taken out; parts of one call are added up."""
    total: dict[tuple[int, int, Source], tuple[Pause, float]] = {}
    for pause in evidence.pauses:
        busy = sum(
            max(0.0, min(pause.ended, trip.ended) - max(pause.started, trip.started))
            for trip in evidence.trips
        )  # fmt: skip
        key = (pause.connection, pause.trip, pause.source)
        _, before = total.get(key, (pause, 0.0))
        total[key] = (pause, before + max(0.0, pause.seconds - busy))
    for pause, seconds in total.values():
        yield _Wait(pause, seconds)


def _the_tests_own(evidence: Evidence, pause: Pause) -> bool:
    """Does the test itself wait, or is it none of the code that the test called?"""
    return evidence.in_test_itself(pause.source) or all(
        evidence.is_test_frame(each) for each in map(frame, pause.stack) if each is not None
    )


def _transaction(own: list[Trip]) -> list[Trip]:
    """The trips since the last one that ended outside a transaction."""
    at = len(own)
    while at > 0 and own[at - 1].after == "T":
        at -= 1
    return own[at:]


def _verbs(trip: Trip) -> set[str]:
    return {shape(each.sql).verb for each in trip.statements if not each.described_only and each.sqlstate is None}


def _subject(trip: Trip | None) -> str:
    tables = shape(trip.statements[-1].sql).tables if trip is not None and trip.statements else ()
    return tables[0] if tables else "transaction"
