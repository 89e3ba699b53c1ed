"""Schedules by chance, with a bound: probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010).

A bug that takes `d` ordering constraints among `n` actors of `k` steps in all is found by one schedule with a
probability of at least 1 / (n k^(d-1)).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from .execution import Ready, Step


@dataclass(slots=True)
class Chance:
    """Directs one schedule: the actor of the highest priority goes; at `depth` - 1 steps it falls behind all others."""

    random: random.Random
    actors: int
    steps: int
    """Steps of a schedule, about."""
    depth: int = 3
    _priorities: list[int] = field(default_factory=list)
    _falls: dict[int, int] = field(default_factory=dict)
    _at: int = 0

    def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:  # noqa: ARG002  # as the protocol says
        """As `Director` says."""
        if not self._priorities:
            self._priorities = [self.depth + rank for rank in self.random.sample(range(self.actors), self.actors)]
            places = self.random.sample(range(max(self.steps, self.depth)), self.depth - 1)
            self._falls = {place: rank for rank, place in enumerate(places)}
        chosen = max((ready.actor for ready in enabled), key=self._priorities.__getitem__)
        if self._at in self._falls:
            self._priorities[chosen] = self._falls[self._at]
            chosen = max((ready.actor for ready in enabled), key=self._priorities.__getitem__)
        self._at += 1
        return chosen
