"""One call of `parity_race`: the serial orders, then the orders that can matter, each from the same state."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..core.delta import Delta
from ..core.errors import ProdparityError
from ..core.findings import Finding
from .execution import Bound, Conductor, Director, Execution, Verdict

SERIAL = 24
"""Serial orders that are run at most: all of four actors, a sample of more."""


class Stage(Protocol):
    """The state that each schedule begins with. Its methods raise ProdparityError where the database cannot be followed."""

    def begin(self) -> None:
        """It is the present one."""

    def delta(self) -> Delta:
        """What was changed since."""

    def requests(self) -> tuple[str, ...]:
        """What was asked of other services since, as digests."""

    def back(self) -> None:
        """Back to it."""

    def end(self) -> None:
        """No further schedule."""


@dataclass(frozen=True, kw_only=True)
class Race:
    """What a race came to."""

    verdict: Verdict
    schedules: int
    """Orders that were run, serial ones included."""
    exhausted: bool
    """Every order that can matter was run."""
    seconds: float
    why: str = ""
    """Why nothing can be told, or what was not looked at."""
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        far = "every order that can matter" if self.exhausted else self.why
        said = f"{self.verdict}: {self.schedules} orders in {self.seconds:.1f} s"
        return f"{said}, {far}" if far else said


def orders(actors: int, seed: int) -> list[tuple[int, ...]]:
    """The serial ones: all, or a sample with the first and its reverse."""
    if actors <= 4:
        return list(itertools.permutations(range(actors)))
    found = [tuple(range(actors)), tuple(reversed(range(actors)))]
    chance = random.Random(seed)  # noqa: S311
    while len(found) < SERIAL:
        order = tuple(chance.sample(range(actors), actors))
        if order not in found:
            found.append(order)
    return found
