"""`n-plus-one`: one statement runs once per row of another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...core.findings import Remedy
from ..fingerprint import Slot
from ..growth import LESS, Slope
from ..indexing import quoted
from ..loops import Frame, acts, frame, line, loops
from ..statements import Execution, Group
from ..wording import count, duration
from .protocol import Claim, Evidence

WITHOUT_PARENT = 5
"""Distinct keys that are needed where no earlier statement gave as many rows."""
WRITES = 5
"""Distinct keys that are needed for INSERT, UPDATE and DELETE, besides a loop: a test's few writes are often its subject."""
ROUND_TRIP = 0.0005
_BATCH = re.compile(
    r"\b(flush|commit|executemany|execute_batch|execute_values|bulk_\w+|add_all|copy\w*)\s*\(|^(async )?with\b|\bbegin\s*\("
)


@dataclass(frozen=True, slots=True)
class _Loop:
    """Who repeats the statement."""

    code: bool
    """A loop or a recursion in the code under test."""
    test: bool
    """A loop in the test function itself."""
    direct: bool
    """The test function sends the statement itself."""
    known: bool
    """Was the test function on the stack?"""


class NPlusOne:
    """Counts distinct keys of one statement from one line, and finds the loop that makes them."""

    id = "n-plus-one"

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """One claim a group."""
        for group in evidence.sorted.groups:
            if group.source is None or len(group.executions) < 2 or not group.shape.tables:
                continue  # what reads no table (pg_notify, nextval) has no rows that could come together
            for executions in _by_call(group):
                claim = self._judge(evidence, group, executions)
                if claim is not None:
                    yield claim
                    break

    def _judge(self, evidence: Evidence, group: Group, executions: list[Execution]) -> Claim | None:
        trips = {(each.trip.connection, each.trip.number): each for each in executions}
        singles = list(trips.values())
        keys = {each.values for each in singles}
        if len(keys) < evidence.threshold(self.id, "times") or not _by_key(singles):
            return None
        writes = group.shape.verb in ("insert", "update", "delete", "merge")
        loop = _loop(evidence, singles)
        parent = None if writes else _parent(evidence, group, singles, len(keys))
        slope = evidence.slope(group)
        grows = slope is not None and slope.repeats
        if parent is not None and slope is not None and _aside(evidence, parent, slope):
            return None
        if writes:
            first = frame(singles[0].trip.stack[0]) if singles[0].trip.stack else None
            text = line(evidence.root, first) if first else ""
            looped = loop.code or (grows and not loop.test)
            if len(keys) < WRITES or not looped or loop.direct or not text or _BATCH.search(text):
                return None
            if _unit_of_work(evidence, singles) or _deliberate(evidence, singles):
                return None
        else:
            convincing = _convincing(loop, parent is not None, len(keys)) or (
                grows and not loop.direct and not loop.test
            )
            if not convincing or (parent is None and _consumer(evidence, singles)):
                return None
        return self._claim(evidence, group, parent, len(singles), len(keys), writes, slope if grows else None)

    def _claim(
        self, evidence: Evidence, group: Group, parent: Execution | None, times: int, keys: int, writes: bool,
        slope: Slope | None,
    ) -> Claim:  # fmt: skip
        table = group.shape.tables[0] if group.shape.tables else "a statement"
        over = parent.shape.tables[0] if parent is not None and parent.shape.tables else None
        what = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}.get(group.shape.verb, "query")
        per = f"per row of {over}" if over else "per key"
        return evidence.claim(
            self.id, group, subject=table,
            title=f"runs {count(times)} times{_before(slope)}: one {what} {per if not writes else 'per row'}",
            production=self._outlook(evidence, parent, times),
            details={"times": times, "keys": keys, "parent_rows": parent.statement.rows if parent else None},
            remedy=_write_remedy(group) if writes else _read_remedy(group),
        )  # fmt: skip

    def _outlook(self, evidence: Evidence, parent: Execution | None, times: int) -> str | None:
        profile = evidence.profile
        if profile is None:
            return None
        trip = profile.round_trip_ms[1] / 1000 if len(profile.round_trip_ms) > 1 else ROUND_TRIP
        group = next(
            (each for each in evidence.sorted.groups if parent is not None and parent in each.executions), None
        )
        reading = evidence.reading(group) if group else None
        rows = reading.root.given if reading else 0.0
        if rows > times:
            return f"about {count(rows)} statements, {duration(rows * trip)} of round trips at {trip * 1000:.2g} ms"
        return f"{count(times)} round trips of {trip * 1000:.2g} ms, {duration(times * trip)}"


def _before(slope: Slope | None) -> str:
    return f" ({count(slope.times[0])} with {LESS})" if slope is not None else ""


def _aside(evidence: Evidence, parent: Execution, slope: Slope) -> bool:
    """Is it sent as often as before, although the statement that should give its keys gave more rows?"""
    group = next((each for each in evidence.sorted.groups if parent in each.executions), None)
    other = evidence.slope(group) if group is not None else None
    return other is not None and other.returns and slope.times[0] == slope.times[1]


def _by_call(group: Group) -> list[list[Execution]]:
    """Apart by all lines of the stack: three calls on three lines are no loop. A recursion's depths are one set."""
    parts: dict[frozenset[str], list[Execution]] = {}
    for execution in group.executions:
        parts.setdefault(frozenset(execution.trip.stack), []).append(execution)
    unseen = parts.pop(frozenset(), [])
    if len(parts) == 1:
        # The wire looks at a running thread, and now and then comes too late.
        return [[*next(iter(parts.values())), *unseen]]
    return sorted(parts.values(), key=len, reverse=True)


def _frames(execution: Execution) -> list[Frame]:
    return [each for each in map(frame, execution.trip.stack) if each is not None]


def _test_frame(evidence: Evidence, execution: Execution) -> Frame | None:
    for each in _frames(execution):
        if evidence.is_test_frame(each):
            return each
    return None


def inside(evidence: Evidence, execution: Execution) -> list[Frame]:
    """The frames of the code under test: those that the test function has called, innermost first."""
    own, frames = _test_frame(evidence, execution), _frames(execution)
    return frames[: frames.index(own)] if own else frames


def repeats(evidence: Evidence, frames: list[Frame]) -> bool:
    """Does one of these frames, innermost first, call the next one in a loop?"""
    callees = [None, *(each.name for each in frames)]
    return any(loops(evidence.root, at, callee) for at, callee in zip(frames, callees, strict=False))


def _loop(evidence: Evidence, executions: list[Execution]) -> _Loop:
    own = _test_frame(evidence, executions[0])
    below = inside(evidence, executions[0])
    recursive = any(_recursive(inside(evidence, each)) for each in executions)
    return _Loop(
        code=recursive or repeats(evidence, below),
        test=own is not None and loops(evidence.root, own, below[-1].name if below else None),
        direct=own is not None and not below,
        known=own is not None,
    )


def _recursive(frames: list[Frame]) -> bool:
    names = [(each.path, each.function) for each in frames if not each.function.startswith("<")]
    return len(names) != len(set(names))


def _convincing(loop: _Loop, parent: bool, keys: int) -> bool:
    """A false alarm costs more than a miss: who loops must be known, or the rows that are looped over."""
    if loop.direct:
        return parent and loop.test
    if loop.test or not loop.known:
        return parent and (loop.code or not loop.test)
    if loop.code:
        return parent or keys >= WITHOUT_PARENT
    return parent


def _by_key(executions: list[Execution]) -> bool:
    """Do the executions differ by keys, not by pages, ranges or chunks?"""
    shape = executions[0].shape
    if any(slot.role == "list" and slot.count > 1 for each in executions for slot in each.shape.slots):
        return False
    differing = [slot for at, slot in enumerate(shape.slots) if _differs(executions, at)]
    if not differing:
        # All values are in a batch's other rows.
        return shape.verb == "insert"
    if any(slot.role in ("equal", "list") for slot in differing):
        return True
    if any(slot.role in ("range", "limit", "offset", "array", "pattern") for slot in differing):
        return False
    return shape.verb == "insert" or any(slot.role == "other" for slot in differing)


def _differs(executions: list[Execution], at: int) -> bool:
    return len({_value(each, each.shape.slots[at]) for each in executions if at < len(each.shape.slots)}) > 1


def _value(execution: Execution, slot: Slot) -> object:
    bound = execution.statement.parameters
    numbers = slot.parameters
    return (slot.literals, tuple(bound[number - 1].value for number in numbers if number <= len(bound)))


def _parent(evidence: Evidence, group: Group, executions: list[Execution], keys: int) -> Execution | None:
    """The latest earlier SELECT that gave at least as many rows as there are keys."""
    found: Execution | None = None
    for other in evidence.sorted.groups:
        if other is group or other.shape.verb not in ("select", "with", "table", "values"):
            continue
        for each in other.executions:
            enough = each.statement.rows >= keys and each.order < executions[1].order
            if enough and (found is None or each.order > found.order):
                found = each
    return found


def _consumer(evidence: Evidence, executions: list[Execution]) -> bool:
    """One unit of work at a time, each in a transaction of its own or fetched from a queue: by design."""
    for before, after in _pairs(executions):
        between = [each for each in _between(evidence, before, after) if each.shape.verb != ""]
        queue = any({"skip", "locked"} <= set(each.shape.words) for each in between)
        if not queue and not _committed(evidence, before, after):
            return False
    return True


def _committed(evidence: Evidence, before: Execution, after: Execution) -> bool:
    """Did a transaction with writes end between the two?"""
    wrote = any(
        before.order <= each.order <= after.order and each.shape.verb in ("insert", "update", "delete", "merge")
        for group in evidence.sorted.groups for each in group.executions
    )  # fmt: skip
    return wrote and before.trip.ended <= after.trip.started and _ends(evidence, before, after)


def _ends(evidence: Evidence, before: Execution, after: Execution) -> bool:
    return any(
        trip.connection == before.trip.connection and trip.after == "I" and trip.before == "T"
        and before.trip.ended <= trip.started and trip.ended <= after.trip.started
        for trip in evidence.trips
    )  # fmt: skip


def _unit_of_work(evidence: Evidence, executions: list[Execution]) -> bool:
    """Does each write end its own transaction together with other statements: a message handled, a job done?"""
    pairs = _pairs(executions)
    return bool(pairs) and all(_ends(evidence, a, b) and bool(_between(evidence, a, b)) for a, b in pairs)


def _deliberate(evidence: Evidence, executions: list[Execution]) -> bool:
    """Is each row on its own on purpose: in a savepoint, or committed before the loop does something else for it?"""
    pairs = _pairs(executions)
    if pairs and all(_saved(evidence, before, after) for before, after in pairs):
        return True
    alone = all(each.trip.before == each.trip.after == "I" for each in executions)
    if not alone and not (pairs and all(_ends(evidence, before, after) for before, after in pairs)):
        return False
    frames = inside(evidence, executions[0])
    callees = [None, *(each.name for each in frames)]
    return any(
        loops(evidence.root, at, callee) and acts(evidence.root, at)
        for at, callee in zip(frames, callees, strict=False)
    )


def _saved(evidence: Evidence, before: Execution, after: Execution) -> bool:
    return any(
        statement.sql.lstrip()[:9].upper() == "SAVEPOINT"
        for trip in evidence.trips
        if trip.connection == before.trip.connection and before.trip.ended <= trip.started <= after.trip.started
        for statement in trip.statements
    )


def _pairs(executions: list[Execution]) -> list[tuple[Execution, Execution]]:
    """Each execution with the next one on the same connection: workers run beside each other."""
    apart: dict[int, list[Execution]] = {}
    for each in executions:
        apart.setdefault(each.trip.connection, []).append(each)
    return [pair for one in apart.values() for pair in itertools.pairwise(one)]


def _between(evidence: Evidence, before: Execution, after: Execution) -> list[Execution]:
    """What else the connection sent."""
    return [
        each for group in evidence.sorted.groups for each in group.executions
        if before.order < each.order < after.order and each.trip.connection == before.trip.connection
    ]  # fmt: skip


def _read_remedy(group: Group) -> Remedy:
    slots = [
        slot for at, slot in enumerate(group.shape.slots)
        if slot.role in ("equal", "list") and slot.column and _differs(list(group.executions), at)
    ]  # fmt: skip
    column = next((slot.column for slot in slots if slot.column), "key")
    return Remedy(
        text=f"Load them in one statement: WHERE {quoted(column)} = ANY($1) with all keys, a JOIN, or the ORM's eager loading "
        "(selectinload, joinedload; prefetch_related, select_related)."
    )


def _write_remedy(group: Group) -> Remedy:
    if group.shape.verb == "insert":
        return Remedy(text="Send the rows together: executemany, one INSERT with many rows, bulk_create, or COPY.")
    return Remedy(text="Send them together: executemany, or one statement with WHERE key = ANY($1) or FROM (VALUES …).")
