"""All orders that can matter, as a tree that is walked one schedule at a time.

Sleep sets (Godefroid 1996): of two trips that commute, only one order is followed. Siblings are ranked when their node is
first seen, so that they may be run in any order of importance: few preemptions first (Musuvathi and Qadeer 2007).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..queries.fingerprint import shape
from .execution import Ready, Step
from .footprint import Knowledge
from .independence import Situation
from .tables import read

Signature = tuple[object, ...]
Promise = Callable[[int, int, int], int]
"""Of preempting an actor after so many of its steps in favour of another: higher is run earlier."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """An order that has not been run: its beginning, and what need not be tried after it."""

    order: tuple[int, ...] = ()
    asleep: frozenset[int] = frozenset()
    """Actors whose held trip need not go first at the last step of `order`, until something touches it."""
    signature: Signature | None = None
    """Of the actors that are held there."""
    preemptions: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A moment of choice beyond the beginning of a branch."""

    depth: int
    chosen: int
    others: tuple[int, ...]
    """Who else could go and is not asleep."""
    asleep: frozenset[int]
    before: int | None
    """Who went last."""
    could_go_on: bool
    signature: Signature
    steps: Mapping[int, int]
    """By actor: its steps so far."""


@dataclass(slots=True)
class Walk:
    """Directs one schedule along a branch, then without preemption to the end."""

    branch: Branch
    knowledge: Knowledge
    nodes: list[Node] = field(default_factory=list)
    redundant: bool = False
    """From some point on, all that could be done has been done elsewhere."""
    lost: bool = False
    """Who had to go was not there."""
    odd: bool = False
    """Others were held than the last time at the same point."""
    _asleep: frozenset[int] = frozenset()
    _situation: Situation | None = None
    order: list[int] = field(default_factory=list)

    def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:
        """As `Director` says."""
        if self._situation is None:
            self._situation = Situation(knowledge=self.knowledge)
        self._situation.catch_up(so_far)
        depth = len(self.order)
        ahead = len(self.branch.order) - depth
        actors = sorted(ready.actor for ready in enabled)
        if ahead > 0:
            chosen = self.branch.order[depth]
            if chosen not in actors:
                self.lost = True
                return None
            if ahead == 1:
                self.odd = self.branch.signature not in (None, signature(enabled))
                self._asleep = self._awake(enabled, chosen, self.branch.asleep & set(actors))
        else:
            chosen = self._onwards(enabled, actors, depth)
        self.order.append(chosen)
        return chosen

    def _onwards(self, enabled: Sequence[Ready], actors: list[int], depth: int) -> int:
        before = self.order[-1] if self.order else None
        free = [actor for actor in actors if actor not in self._asleep]
        if not free:
            self.redundant = True
        if self.redundant:
            return before if before in actors else actors[0]
        chosen = before if before is not None and before in free else free[0]
        others = tuple(actor for actor in free if actor != chosen)
        if others or (before in actors and chosen != before):
            self.nodes.append(
                Node(
                    depth=depth,
                    chosen=chosen,
                    others=others,
                    asleep=self._asleep,
                    before=before,
                    could_go_on=before in actors,
                    signature=signature(enabled),
                    steps={actor: self.order.count(actor) for actor in actors},
                )
            )
        self._asleep = self._awake(enabled, chosen, self._asleep)
        return chosen

    def _awake(self, enabled: Sequence[Ready], chosen: int, asleep: frozenset[int]) -> frozenset[int]:
        """Who sleeps on when `chosen` has gone."""
        if not asleep or self._situation is None:
            return frozenset()
        return asleep - self._situation.conflicts(enabled)[chosen] - {chosen}


@dataclass(slots=True)
class Tree:
    """The branches that are still to be run, the most promising first."""

    promise: Promise
    _heap: list[tuple[int, int, int, Branch]] = field(default_factory=list)
    _pushed: int = 0

    def push(self, branch: Branch, promise: int = 0) -> None:
        """Of equal preemptions the higher promise comes first, then the older."""
        self._pushed += 1
        heapq.heappush(self._heap, (branch.preemptions, -promise, self._pushed, branch))

    def pop(self) -> Branch:
        """The next one."""
        return heapq.heappop(self._heap)[-1]

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def level(self) -> int:
        """Preemptions of the next branch."""
        return self._heap[0][0]

    def grow(self, walk: Walk) -> None:
        """Add what the walk has passed by."""
        count = walk.branch.preemptions
        for node in walk.nodes:
            count_here = count
            # Going on as before costs nothing; being made to stop where one could go on is a preemption.
            if node.could_go_on and node.chosen != node.before:
                count += 1
            asleep = node.asleep | {node.chosen}
            for other in node.others:
                preempts = node.could_go_on and other != node.before
                branch = Branch(
                    order=(*walk.order[: node.depth], other),
                    asleep=asleep,
                    signature=node.signature,
                    preemptions=count_here + preempts,
                )
                before = node.before if node.before is not None else node.chosen
                self.push(branch, self.promise(before, node.steps.get(before, 0), other))
                asleep |= {other}


def signature(enabled: Sequence[Ready]) -> Signature:
    """What is the same each time when the same point of a schedule is reached."""
    return tuple(sorted((ready.actor, ready.state, ready.isolation, _said(ready)) for ready in enabled))


def _said(ready: Ready) -> tuple[str, ...]:
    # Names of savepoints, cursors and prepared statements are counted up by some drivers.
    return tuple(read(sql).control or shape(sql).key for sql in ready.statements)
