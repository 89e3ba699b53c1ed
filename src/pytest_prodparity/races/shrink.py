"""The shortest schedule that still fails: fewest switches between actors, then the earliest first switch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from .execution import Director, Execution, Ready, Step

Order = tuple[int, ...]


@dataclass(slots=True)
class Wish:
    """Directs along an order as far as that can be had, and else lets go on who went last."""

    order: Sequence[int]
    missed: int = 0
    """Wishes that could not be had."""
    _left: list[int] = field(default_factory=list)
    _last: int | None = None
    _begun: bool = False

    def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:  # noqa: ARG002  # as the protocol says
        """As `Director` says."""
        if not self._begun:
            self._left, self._begun = list(self.order), True
        actors = [ready.actor for ready in enabled]
        while self._left:
            wished = self._left.pop(0)
            if wished in actors:
                self._last = wished
                return wished
            self.missed += 1
        self._last = self._last if self._last in actors else actors[0]
        return self._last


def shortest(
    run: Callable[[Director], Execution],
    failing: Execution,
    judge: Callable[[Execution], str | None],
    *,
    schedules: int,
    seconds: float,
) -> tuple[Execution, int]:
    """The best that was found within the budget, and how many schedules that took."""
    kind, best, used = judge(failing), failing, 0
    tried = {failing.order}
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for order in sorted(set(_shorter(best.order)) - tried, key=cost):
            if used >= schedules or time.monotonic() > end:
                return best, used
            tried.add(order)
            used += 1
            again = run(Wish(order))
            tried.add(again.order)
            if again.status != "diverged" and cost(again.order) < cost(best.order) and judge(again) == kind:
                best, found = again, True
                break
    return best, used


def cost(order: Order) -> tuple[int, int, int]:
    """Switches, steps before the first one, and steps in all."""
    runs = [len(list(steps)) for _, steps in groupby(order)]
    return len(runs) - 1, runs[0] if runs else 0, len(order)


def _shorter(order: Order) -> Iterator[Order]:
    """Neighbours that would cost less."""
    runs = [(actor, len(list(steps))) for actor, steps in groupby(order)]
    for at, (actor, steps) in enumerate(runs):
        for later in range(at + 1, len(runs)):
            if runs[later][0] == actor:
                joined = steps + runs[later][1]
                yield _written([*runs[:at], (actor, joined), *runs[at + 1 : later], *runs[later + 1 :]])
                yield _written([*runs[:at], *runs[at + 1 : later], (actor, joined), *runs[later + 1 :]])
    if runs and runs[0][1] > 1:
        actor, steps = runs[0]
        for first in range(1, steps):
            rest = list(runs[1:])
            for at, (other, more) in enumerate(rest):
                if other == actor:
                    rest[at] = (actor, more + steps - first)
                    yield _written([(actor, first), *rest])
                    break


def _written(runs: Sequence[tuple[int, int]]) -> Order:
    return tuple(actor for actor, steps in runs for _ in range(steps))
