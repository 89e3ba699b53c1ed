"""Looks for an order of the callables' trips that comes to what no serial order comes to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from ..core.seeds import seeded
from .chance import Chance
from .execution import Bound, Director, Execution, Searched, Verdict
from .footprint import Knowledge
from .prediction import promises
from .shrink import Wish, shortest
from .tree import Branch, Tree, Walk

Run = Callable[[Director], Execution]
TRIES = 3
"""For an order that could not be had."""
WARMINGS = 2
"""What callables keep (statements that a connection has prepared) grows while they run; when a schedule comes out
differently for that reason, the tree begins anew, so often at most."""
RESTARTS = 5
"""What statements touch is learned while they run; when more is known, the tree begins anew, so often at most."""
SHARE = 0.6
"""Of the bound: from there on, what cannot be finished is left to chance."""
INTERRUPTIONS = 24
"""Orders that are run beyond those that the trips call for."""
SHRINKING = 24
"""Schedules for making a failing one shorter."""
ENVIRONMENT = "the server chose"
"""A note that begins so: which of several waiters went on was not up to the director."""


class Unclear(str):
    """What a judge says of a schedule of which it cannot tell whether it is right: why."""

    __slots__ = ()


Judge = Callable[[Execution], str | None]
"""What is wrong, in a word that stays the same for the same failure; None where all is right; or `Unclear`."""


def search(
    run: Run,
    serial: Sequence[Execution],
    judge: Judge,
    bound: Bound,
    *,
    knowledge: Knowledge | None = None,
) -> Searched:
    """Run schedules until one fails, all that can matter were run, or the bound is reached.

    `serial`: the serial orders as they were run. They are judged too: what deadlocks alone is no race. `schedules` of
    what is returned counts without them. `exhausted` holds for trips: what the callables share in memory is not seen,
    but each is also interrupted once at each of its trips.
    """
    seeker = _Seeker(run=run, judge=judge, bound=bound, serial=serial, knowledge=knowledge or Knowledge())
    return seeker.searched()


@dataclass(slots=True)
class _Seeker:
    run: Run
    judge: Judge
    bound: Bound
    serial: Sequence[Execution]
    knowledge: Knowledge
    ran: int = 0
    judged: int = 0
    unclear: str = ""
    why: str = ""
    """Why it is not exhausted."""
    restarts: int = 0
    warmings: int = 0
    interruptions: int = 0
    interrupted: set[tuple[int, int, int]] = field(default_factory=set)
    """Whom, after how many of its trips, for whom: orders of this form that were run."""
    started: float = field(default_factory=time.monotonic)

    def searched(self) -> Searched:
        for execution in self.serial:
            self.knowledge.learn(execution)
        failing = next((execution for execution in self.serial if self._fails(execution)), None)
        if failing is not None:
            return self._told(failing)
        if self.unclear:
            return self._told(None)
        if self.bound.serial_only:
            self.why = "only the serial orders were run"
            return self._told(None)
        failing = self._explore()
        if failing is not None:
            left = SHRINKING if self.bound.schedules is None else max(SHRINKING, self.bound.schedules - self.ran)
            failing, used = shortest(
                self.run, failing, self.judge, schedules=min(left, SHRINKING), seconds=max(1.0, self._seconds_left())
            )
            self.ran += used
        return self._told(failing)

    def _told(self, failing: Execution | None) -> Searched:
        verdict: Verdict = "clean"
        why = self.why
        if failing is not None:
            verdict = "found"
        elif self.unclear or (self.ran and not self.judged):
            verdict, why = "cannot tell", self.unclear or self.why
        return Searched(
            verdict=verdict,
            schedules=self.ran,
            exhausted=failing is None and not why,
            seconds=time.monotonic() - self.started,
            serial=tuple(self.serial),
            failing=failing,
            why=why,
        )

    def _explore(self) -> Execution | None:
        tree = self._tree()
        while tree:
            if self._used() >= 1:
                self.why = self.why or f"stopped by the bound, with at least {len(tree)} orders left"
                return None
            if self._hopeless(tree):
                self.why = f"too many orders to run all ({len(tree)} and more left): the rest was left to chance"
                return self._by_chance()
            branch = tree.pop()
            execution, walk = self._follow(branch)
            if execution is not None and self._fails(execution):
                return execution
            if execution is None or walk.odd:
                self.warmings += 1
                if self.warmings <= WARMINGS:
                    tree = self._tree()
                    continue
                self.why = self.why or (
                    f"the same beginning of a schedule came out differently ({TRIES} tries): "
                    "the callables, or the server, do not repeat themselves"
                )
            if execution is None:
                continue
            if self.knowledge.learn(execution):
                self.restarts += 1
                if self.restarts <= RESTARTS:
                    tree = self._tree()
                    continue
                self.why = self.why or "what the statements touch was different in each schedule"
            tree.grow(walk)
        return self._interrupt()

    def _interrupt(self) -> Execution | None:
        """Each callable, interrupted at each of its trips for the whole of another: also where no table speaks for it.

        What callables share in memory shows in no trip. These few orders are run for its sake.
        """
        steps = Counter(next(iter(self.serial)).order) if self.serial else Counter[int]()
        for one, other in permutations(sorted(steps), 2):
            for done in range(1, steps[one]):
                if (one, done, other) in self.interrupted:
                    continue
                self.interruptions += 1
                if self.interruptions > INTERRUPTIONS or self._used() >= 1:
                    return None
                self.ran += 1
                execution = self.run(Wish((one,) * done + (other,) * steps[other]))
                if execution.status != "diverged" and self._fails(execution):
                    return execution
        return None

    def _tree(self) -> Tree:
        promise = promises(self.serial, self.knowledge)
        tree = Tree(promise=lambda actor, done, other: promise.get((actor, done, other), 0))
        tree.push(Branch())
        return tree

    def _follow(self, branch: Branch) -> tuple[Execution | None, Walk]:
        """Run a branch; again where it came out differently than at the first time."""
        execution: Execution | None = None
        walk = Walk(branch=branch, knowledge=self.knowledge)
        for _ in range(TRIES):
            walk = Walk(branch=branch, knowledge=self.knowledge)
            self.ran += 1
            again = self.run(walk)
            if walk.lost or again.status == "diverged":
                continue
            execution = again
            self.interrupted.add(_interruption(again))
            if not walk.odd or self._fails(again):
                break
        if execution is not None and not walk.odd and any(note.startswith(ENVIRONMENT) for note in execution.notes):
            self.why = self.why or "in some schedules the server chose which of several waiters went on"
        return execution, walk

    def _by_chance(self) -> Execution | None:
        steps = max((len(execution.steps) for execution in self.serial), default=1)
        actors = max((len(execution.outcomes) for execution in self.serial), default=1)
        number = 0
        while self._used() < 1:
            number += 1
            generator = seeded(self.bound.seed, "race", str(number))
            self.ran += 1
            execution = self.run(Chance(random=generator, actors=actors, steps=steps, depth=2 + number % 2))
            if execution.status != "diverged" and self._fails(execution):
                return execution
        return None

    def _fails(self, execution: Execution) -> bool:
        said = self.judge(execution)
        if isinstance(said, Unclear):
            self.unclear = self.unclear or str(said)
            return False
        self.judged += 1
        return said is not None

    def _used(self) -> float:
        """Of the bound, 0 to 1 and more."""
        if self.bound.schedules == 0 or self.bound.seconds <= 0:
            return 1.0
        by_number = 0.0 if self.bound.schedules is None else self.ran / self.bound.schedules
        return max(by_number, (time.monotonic() - self.started) / self.bound.seconds)

    def _seconds_left(self) -> float:
        return self.bound.seconds - (time.monotonic() - self.started)

    def _hopeless(self, tree: Tree) -> bool:
        """Can the tree not be finished, and has it had its share?"""
        used = self._used()
        if used <= 0 or tree.level < 1 or used < (SHARE if tree.level <= 2 else SHARE / 2):
            return False
        return len(tree) > self.ran * (1 - used) / used


def _interruption(run: Execution) -> tuple[int, int, int]:
    """Who was interrupted after how many trips for the whole of whom; zero trips where it is no such order."""
    order = run.order
    done = next((at for at, actor in enumerate(order) if actor != order[0]), len(order))
    if done == len(order):
        return 0, 0, 0
    other = order[done]
    for choice in run.choices[done:]:
        if choice.chosen != other and any(ready.actor == other for ready in choice.enabled):
            return 0, 0, 0
    return order[0], done, other
