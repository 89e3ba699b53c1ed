"""When the next call of a load is due."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from ..core.seeds import seeded


class Pace(Protocol):
    """Asked by actors that are free, of several threads at once."""

    def due(self) -> float | None:
        """When (`time.monotonic()`) the next call should begin, now or later; None: there is none any more."""

    def missed(self) -> list[float]:
        """When calls were due that nobody was free for."""


class Once:
    """One call, now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = False

    def due(self) -> float | None:
        """Now, the first time."""
        with self._lock:
            given, self._given = self._given, True
        return None if given else time.monotonic()

    def missed(self) -> list[float]:
        """None."""
        return []


class Closed:
    """Each actor calls again when its last call has ended: who waits sends nothing meanwhile."""

    def __init__(self, end: float) -> None:
        self._end = end

    def due(self) -> float | None:
        """Now."""
        now = time.monotonic()
        return now if now < self._end else None

    def missed(self) -> list[float]:
        """None: a call is due when somebody is free."""
        return []


class Arrivals:
    """Calls are due at a rate, as if by many users who know nothing of each other (a Poisson process), done or not.

    A call's latency counts from when it was due, else the slow moments would be those with the fewest calls measured:
    Gil Tene's "coordinated omission" ("How NOT to Measure Latency", 2013; the same correction as in his wrk2).
    """

    def __init__(self, rate: float, *, begin: float, mark: float, end: float, seed: int) -> None:
        self._rate = rate
        self._mark = mark
        self._end = end
        self._chance = seeded(seed, "parity_stress", "arrivals")
        self._lock = threading.Lock()
        self._next = begin + self._chance.expovariate(rate)

    def due(self) -> float | None:
        """The next arrival, which may be over already.

        From `mark` on, the warm-up's that nobody has taken are left out: what is measured begins without a queue.
        """
        with self._lock:
            now = time.monotonic()
            while self._next < self._mark <= now:
                self._next += self._chance.expovariate(self._rate)
            at = self._next
            if at >= self._end or now >= self._end:
                return None
            self._next += self._chance.expovariate(self._rate)
            return at

    def missed(self) -> list[float]:
        """The arrivals before the end that nobody has taken."""
        left = []
        with self._lock:
            while self._next < self._end:
                left.append(self._next)
                self._next += self._chance.expovariate(self._rate)
        return left
