"""Which two trips may change places without a difference, under PostgreSQL's snapshots and locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .execution import Ready, Step
from .footprint import NONE, Footprint, Knowledge, Tables, Transaction, footprint


def dependent(one: Footprint, other: Footprint, *, deferred: Tables | None = None) -> bool:
    """May it matter which comes first? Unknown is yes.

    Reads commute, and so do a plain read and somebody's uncommitted write. A snapshot of a whole transaction is one of
    all that is committed before. Under SERIALIZABLE the server also remembers who read what somebody wrote, and the
    order of COMMITs decides who has to fail.
    """
    if one.connection == other.connection:
        return True
    if one.empty or other.empty:
        return False
    if one.everything or other.everything:
        return True
    return _one_way(one, other) or _one_way(other, one) or _at_commit(one, other, deferred)


def _one_way(one: Footprint, other: Footprint) -> bool:
    if one.reads & other.commits or (one.snapshot and other.commits):
        return True
    if one.writes & (other.writes | other.commits | other.releases):
        return True
    if one.serializable and other.serializable:
        return bool(one.predicates & other.writes) or (one.ends and not other.empty)
    return False


def _at_commit(one: Footprint, other: Footprint, deferred: Tables | None) -> bool:
    """A constraint that is checked at COMMIT reads what others have committed, or waits for them."""
    both = one.commits & (other.commits | other.releases) | one.releases & other.commits
    if deferred is None:
        return bool(both)
    return bool((one.commits & deferred and other.commits) or (other.commits & deferred and one.commits))


@dataclass(slots=True)
class Situation:
    """The transactions at one point of a schedule, and with them what each held trip would touch."""

    knowledge: Knowledge
    transactions: dict[int, Transaction] = field(default_factory=dict)
    """By connection."""
    last: dict[int, Step] = field(default_factory=dict)
    """By actor: its newest step."""
    holders: dict[int, int] = field(default_factory=dict)
    """By connection: the actor that used it last."""
    seen: int = 0

    def catch_up(self, so_far: Sequence[Step]) -> None:
        """Take in the steps that were released since."""
        for step in so_far[self.seen :]:
            open_ = self.transactions.setdefault(step.ready.connection, Transaction())
            footprint(step.ready, open_, self.knowledge)
            self.holders[step.ready.connection] = step.actor
        self.seen = len(so_far)
        for step in so_far:
            self.last[step.actor] = step
            if step.after == "E" or (step.sqlstate and step.after == "I"):
                self._failed(step)

    def _failed(self, step: Step) -> None:
        """A statement that fails gives its transaction's locks back at once."""
        open_ = self.transactions.get(step.ready.connection)
        if open_ is not None and self.last.get(step.actor) is step and not open_.savepoints:
            open_.end()

    def footprints(self, enabled: Sequence[Ready]) -> dict[int, Footprint]:
        """By actor: what its held trip would touch now, with what it would set going of those who wait."""
        plain = {ready.actor: self._of(ready) for ready in enabled}
        waiting = [step for actor, step in self.last.items() if step.ended is None and actor not in plain]
        if not waiting or len(plain) < 2:
            return plain
        woken = [self._waits(step) for step in waiting]
        for actor, own in plain.items():
            if own.commits or own.releases or own.writes or own.everything:
                for one in woken:
                    own = own | one  # it goes on when this one lets go
                plain[actor] = own
        return plain

    def conflicts(self, enabled: Sequence[Ready]) -> dict[int, set[int]]:
        """By actor: those among the enabled whose held trip may not change places with its own."""
        prints = self.footprints(enabled)
        found: dict[int, set[int]] = {actor: set() for actor in prints}
        actors = sorted(prints)
        circles = self._circles(prints)
        deferred = self.knowledge.relations.deferred
        for at, one in enumerate(actors):
            for other in actors[at + 1 :]:
                if circles.get(one, one) == circles.get(other, other) or dependent(
                    prints[one], prints[other], deferred=deferred
                ):
                    found[one].add(other)
                    found[other].add(one)
        return found

    def _of(self, ready: Ready) -> Footprint:
        return footprint(ready, self.transactions.get(ready.connection, Transaction()).copy(), self.knowledge)

    def _waits(self, step: Step) -> Footprint:
        """What a step that waits in the database will do when it goes on."""
        alone = footprint(step.ready, Transaction(begun=True), self.knowledge)
        # A COMMIT that waits has a transaction behind it that is no longer known here.
        return replace(alone, everything=True) if alone.empty else alone

    def _circles(self, prints: Mapping[int, Footprint]) -> dict[int, int]:
        """By actor: the number of the circle in which it might wait, for whoever closes it is the one to fail."""
        held = self._held()
        edges: dict[int, set[int]] = {}
        for actor, own in prints.items():
            edges[actor] = {
                other
                for other, (tables, everything) in held.items()
                if other != actor
                and (own.writes & tables or (everything and own.writes) or (own.everything and tables))
            }
        for actor, step in self.last.items():
            if step.ended is None and actor not in prints:
                edges[actor] = {other for other in step.waited_for if other >= 0} or set(held) - {actor}
        return _strong(edges)

    def _held(self) -> dict[int, tuple[Tables, bool]]:
        found: dict[int, tuple[Tables, bool]] = {}
        for connection, open_ in self.transactions.items():
            actor = self.holders[connection]
            tables, everything = found.get(actor, (NONE, False))
            found[actor] = (tables | open_.held | open_.kept, everything or open_.everything)
        for actor, step in self.last.items():
            if step.ended is None:
                tables, everything = found.get(actor, (NONE, False))
                found[actor] = (tables | self._waits(step).writes, everything)
        return {actor: what for actor, what in found.items() if what[0] or what[1]}


def _strong(edges: Mapping[int, Collection[int]]) -> dict[int, int]:
    """By node: the smallest node with which it lies on a circle; nodes on none are left out."""
    reach: dict[int, set[int]] = {}
    for node in edges:
        found: set[int] = set()
        todo = list(edges[node])
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += edges.get(one, ())
        reach[node] = found
    return {
        node: min(other for other in found if node in reach.get(other, ()))
        for node, found in reach.items()
        if node in found
    }
