"""Is what a schedule came to what some serial order comes to? No invariant is needed, and one may be given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..core.delta import Change, Delta, Row
from ..core.equality import Column, canonical, volatile
from . import anomaly
from .execution import Execution
from .failures import ended, failure, last_state, named, sqlstate
from .footprint import Knowledge
from .history import deeds
from .search import Unclear
from .tables import read
from .timeline import called
from .values import Labels, Path, differing, generated, labels, same

LINES = 10
"""Of rows that differ, in a verdict."""
_CLOCKS = {"57014": "a timeout", "25P03": "idle_in_transaction_session_timeout"}
"""These end what was only held at the wire for the sake of the schedule."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is wrong with a schedule."""

    rule: str
    """`not-serializable`, `deadlock`, `pool-exhausted` or `invariant-broken`."""
    kind: str
    """What differs, in a word or two that stay the same while the schedule is made shorter."""
    title: str
    """One line."""
    anomaly: str = ""
    """Its name, where the trace shows one."""
    tables: tuple[str, ...] = ()
    remedy: str = ""
    nearest: tuple[int, ...] = ()
    """The serial order that it is held against."""
    differs: tuple[str, ...] = ()
    """Lines: rows that are missing or too many, values, exceptions. They hold rows of the test, as its delta does."""
    actors: tuple[int, ...] = ()
    """Those that fail."""

    @property
    def label(self) -> str:
        """For the search: equal for the same failure."""
        return f"{self.rule}: {self.kind}"


@dataclass(slots=True)
class _Serial:
    """A serial order, made ready to be compared with."""

    run: Execution
    order: tuple[int, ...]
    rows: Counter[str]
    labels: Labels


@dataclass
class Oracle:
    """Holds schedules against the serial orders.

    `repeated`: pairs of runs of the same serial order; what differs between them never counts. `masked`: columns that
    count for nothing besides, such as those with a generated default. `broken`: the invariant; what it says of a
    schedule, or None.
    """

    serial: Sequence[Execution]
    repeated: Sequence[tuple[Execution, Execution]] = ()
    masked: frozenset[Column] = frozenset()
    broken: Callable[[Execution], str | None] | None = None
    knowledge: Knowledge = field(default_factory=Knowledge)
    further: Callable[[tuple[int, ...]], Execution] | None = None
    """Runs one more serial order, where not all were."""

    def __post_init__(self) -> None:
        found = set(self.masked)
        for one, other in self.repeated:
            found |= volatile(one.delta or Delta(), other.delta or Delta())
        for run in self.serial:
            found |= generated(run.delta or Delta())
        # What refers to a generated key is as volatile as the key.
        found |= {
            column
            for run in self.serial
            for column, target in (run.delta.references.items() if run.delta is not None else ())
            if target in found
        }
        self._masked = frozenset(found)
        self._places = self._volatile_places()
        self._known = [self._ready(run) for run in self.serial]
        self._failures = [
            {failure(run.outcomes[actor]) for run in self.serial} for actor in range(len(self.serial[0].outcomes))
        ]

    def says(self, run: Execution) -> str | None:
        """For `search`: the verdict's label, `Unclear`, or None."""
        verdict = self.judge(run)
        return verdict.label if isinstance(verdict, Verdict) else verdict

    def judge(self, run: Execution) -> Verdict | Unclear | None:
        """A verdict, why there is none, or None where all is right."""
        if run.status == "deadlock":
            return self._stands_still(run)
        if run.status != "done":
            said = next((one.said for one in run.waiting if one.said), "")
            return Unclear(f"a schedule did not come to its end{': ' if said else ''}{said}")
        unclear = self._unclear(run)
        if unclear is not None:
            return unclear
        broken = self.broken(run) if self.broken is not None else None
        mine = self._ready(run)
        right = any(self._equals(mine, known) for known in self._known) or self._equals_another(mine)
        if right and broken is None:
            return None
        if broken is not None:
            return self._broken(run, broken, right=right)
        missing = math.factorial(len(run.outcomes)) - len(self._known)
        verdict = self._escaped(run) or self._differs(run)
        if missing > 0 and verdict.kind in ("rows", "results"):
            return Unclear(f"it may equal one of the {missing} serial orders that were not run")
        return verdict

    def _unclear(self, run: Execution) -> Unclear | None:
        for each in (run, *self.serial):
            if each.delta is not None and each.delta.notes:
                return Unclear(f"what it changed cannot be told: {each.delta.notes[0]}")
        for actor, outcome in enumerate(run.outcomes):
            clock = _CLOCKS.get(sqlstate(outcome) or "")
            if clock and failure(outcome) not in self._failures[actor]:
                return Unclear(f"{clock} ended a callable whose trips were held back ({sqlstate(outcome)})")
        return None

    def _ready(self, run: Execution) -> _Serial:
        delta = run.delta or Delta()
        return _Serial(
            run=run,
            order=tuple(dict.fromkeys(run.order)),
            rows=Counter(canonical(delta, self._masked)),
            labels=labels(delta, self._masked),
        )

    def _volatile_places(self) -> dict[int, frozenset[Path]]:
        found: dict[int, set[Path]] = {}
        for one, other in self.repeated:
            for actor, (left, right) in enumerate(zip(one.outcomes, other.outcomes, strict=True)):
                found.setdefault(actor, set()).update(place for place, _, _ in differing(left.value, right.value))
        return {actor: frozenset(places) for actor, places in found.items()}

    def _equals(self, mine: _Serial, known: _Serial) -> bool:
        if mine.rows != known.rows or Counter(mine.run.requests) != Counter(known.run.requests):
            return False
        return not any(self._outcomes(mine.run, known, mine.labels))

    def _equals_another(self, mine: _Serial) -> bool:
        """Of many callables not all serial orders were run: those in which they committed, and ended, are likely ones."""
        actors = len(mine.run.outcomes)
        if self.further is None or len(self._known) >= math.factorial(actors):
            return False
        for order in _likely(mine.run):
            if len(order) == actors and order not in {known.order for known in self._known}:
                run = self.further(order)
                self._known.append(replace(self._ready(run), order=order))
                for actor, outcome in enumerate(run.outcomes):
                    self._failures[actor].add(failure(outcome))
                if self._equals(mine, self._known[-1]):
                    return True
        return False

    def _outcomes(self, run: Execution, known: _Serial, mine: Labels) -> list[str]:
        """A line for each callable that came to something else."""
        lines = []
        for actor, (left, right) in enumerate(zip(run.outcomes, known.run.outcomes, strict=True)):
            name = called(actor)
            if failure(left) != failure(right):
                lines.append(f"{name} {ended(left)}; in that order it {ended(right)}")
            elif left.error is None and not same(
                left.value, right.value, masked=self._places.get(actor, frozenset()), mine=mine, its=known.labels
            ):
                lines.append(f"{name} returns {_other(left.value, right.value)}")
        return lines

    def _held_against(self, run: Execution) -> tuple[_Serial, list[str]]:
        """The nearest serial order, and what differs."""
        mine = self._ready(run)
        best: tuple[int, _Serial, list[str]] | None = None
        for known in self._known:
            lines = self._outcomes(run, known, mine.labels)
            if Counter(run.requests) != Counter(known.run.requests):
                lines.append("other services were asked for something else")
            rows = self._rows_of(known, mine)
            count = len(lines) + len(rows)
            if len(rows) > LINES:
                rows = [*rows[: LINES - 1], f"… and {len(rows) - LINES + 1} more rows"]
            if best is None or count < best[0]:
                best = (count, known, [*rows, *lines])
        assert best is not None
        return best[1], best[2]

    def _rows_of(self, known: _Serial, mine: _Serial) -> list[str]:
        """A line for each row that only one of the two has, without what differs from run to run."""
        found: list[tuple[str, str, str]] = []
        for word, one, lacking in (("expected", known, mine.rows), ("found   ", mine, known.rows)):
            left = one.rows - lacking
            delta = one.run.delta or Delta()
            for change, text in zip(delta, canonical(delta, self._masked), strict=True):
                if left[text] > 0:
                    left[text] -= 1
                    shown = _without(change, self._masked)
                    found.append((f"{shown.table} {shown.key}", word, f"{word}  {shown}"))
        return [line for _, _, line in sorted(found)]

    def _differs(self, run: Execution) -> Verdict:
        nearest, lines = self._held_against(run)
        found = anomaly.name(run, self.serial, self.knowledge)
        rows = any(line.startswith(("expected ", "found ")) for line in lines)
        where = f" of {_listed(found.tables)}" if found.tables else ""
        orders = "the only serial order" if len(self.serial) == 1 else f"any of {len(self.serial)} serial orders"
        said = "rows that no serial order leaves" if rows else f"results that differ from {orders}"
        known = found.name != anomaly.OTHER
        return Verdict(
            rule="not-serializable",
            kind="rows" if rows else "results",
            title=f"{found.name}{where}: {said}" if known else f"an order of the trips leads to {said}",
            anomaly=found.name if known else "",
            tables=found.tables,
            remedy=found.remedy,
            nearest=nearest.order,
            differs=tuple(lines),
            actors=found.actors,
        )

    def _escaped(self, run: Execution) -> Verdict | None:
        """An exception that no serial order has."""
        for actor, outcome in enumerate(run.outcomes):
            if outcome.error is None or failure(outcome) in self._failures[actor]:
                continue
            nearest, lines = self._held_against(run)
            state = sqlstate(outcome) or last_state(run, actor)
            rule, kind, said = named(outcome, state)
            return Verdict(
                rule=rule,
                kind=kind,
                title=f"{said} escapes from {called(actor)}{_nothing_of_it(run, actor, self.knowledge)}",
                anomaly=kind if kind in anomaly.REMEDIES else "",
                tables=_touched(run, (actor,), self.knowledge),
                remedy=anomaly.REMEDIES.get(kind, anomaly.REMEDIES[anomaly.OTHER]),
                nearest=nearest.order,
                differs=tuple(lines),
                actors=(actor,),
            )
        return None

    def _stands_still(self, run: Execution) -> Verdict:
        pool = any(one.on == "pool" for one in run.waiting)
        rule = "pool-exhausted" if pool else "deadlock"
        actors = tuple(one.actor for one in run.waiting)
        names = _listed([called(actor) for actor in actors])
        alone = len(run.choices) == 0 or any(run is each for each in self.serial)
        what = "wait for connections that they hold themselves" if pool else "wait for each other"
        return Verdict(
            rule=rule,
            kind=rule,
            title=f"{names} {what if len(actors) != 1 else 'waits for what it holds itself'}, for ever"
            + (", even one after the other" if alone else ""),
            tables=_touched(run, actors, self.knowledge),
            remedy=anomaly.REMEDIES[rule],
            differs=tuple(f"{called(one.actor)} {one.said}" for one in run.waiting if one.said)[:LINES],
            actors=actors,
        )

    def _broken(self, run: Execution, said: str, *, right: bool) -> Verdict:
        nearest, lines = self._held_against(run)
        found = None if right else anomaly.name(run, self.serial, self.knowledge)
        known = found is not None and found.name != anomaly.OTHER
        return Verdict(
            rule="invariant-broken",
            kind="invariant",
            title=f"the invariant does not hold: {said}" if said else "the invariant does not hold",
            anomaly=found.name if known and found is not None else "",
            tables=found.tables if found is not None else (),
            remedy=found.remedy if found is not None else "it breaks in a serial order too: this is no race",
            nearest=nearest.order,
            differs=tuple(lines),
            actors=found.actors if found is not None else (),
        )


def _likely(run: Execution) -> list[tuple[int, ...]]:
    """Orders of the actors: by their last COMMIT that was none of an empty transaction, by their end, by their beginning."""
    over: dict[int, float] = {}
    written: dict[int, float] = {}
    for step in run.steps:
        when = step.ended if step.ended is not None else step.started
        over[step.actor] = when
        if step.after == "I" and step.sqlstate is None:
            written[step.actor] = when
    begun = list(dict.fromkeys(run.order))
    silent = [actor for actor in range(len(run.outcomes)) if actor not in over]
    found = [
        (*sorted(over, key=lambda actor: written.get(actor, over[actor])), *silent),
        (*sorted(over, key=lambda actor: over[actor]), *silent),
        (*begun, *silent),
    ]
    return list(dict.fromkeys(found))


def _without(change: Change, masked: frozenset[Column]) -> Change:
    def kept(row: Row | None) -> Row | None:
        return (
            None if row is None else {name: value for name, value in row.items() if (change.table, name) not in masked}
        )

    return Change(
        table=change.table,
        kind=change.kind,
        key=kept(change.key) or {},
        before=kept(change.before),
        after=kept(change.after),
    )


def _other(value: object, right: object) -> str:
    """Values may hold what nobody is to read; yes and no hold nothing."""
    plain = all(one is None or isinstance(one, bool) for one in (value, right))
    return f"{value}; in that order it returns {right}" if plain else "another value"


def _touched(run: Execution, actors: Iterable[int], knowledge: Knowledge) -> tuple[str, ...]:
    """Tables of the last trip of each that failed or still waits, those that it writes first."""
    found: dict[str, None] = {}
    for actor in actors:
        steps = [step for step in run.steps if step.actor == actor and (step.sqlstate or step.ended is None)]
        for sql in steps[-1].ready.statements if steps else ():
            reads, writes, _ = knowledge.touched(sql)
            found.update(dict.fromkeys([*sorted(writes & read(sql).writes), *sorted(writes), *sorted(reads)]))
    return tuple(found)


def _nothing_of_it(run: Execution, actor: int, knowledge: Knowledge) -> str:
    kept = any(deed.actor == actor and deed.committed is not None and deed.written for deed in deeds(run, knowledge))
    return "" if kept else "; nothing of it was committed"


def _listed(names: Iterable[str]) -> str:
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last
