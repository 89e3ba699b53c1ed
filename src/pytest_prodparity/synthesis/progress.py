"""How a build is followed: lines of text every few seconds. A terminal's bar is the command's own."""

from __future__ import annotations

import time
from collections.abc import Callable


class Lines:
    """A `build.Progress` that says a line after `first` seconds and then one each `every`."""

    def __init__(
        self, say: Callable[[str], None], *, first: float = 2.0, every: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._say = say
        self._clock = clock
        self._first: tuple[float, int] | None = None
        """When the first rows were there, and how many: what comes before says nothing about the pace."""
        self._wait = first
        self._every = every
        self._last = clock()
        self.said = False
        """Was there anything to say?"""

    def __call__(self, done: int, total: int, what: str) -> None:
        """As `build.Progress`."""
        now = self._clock()
        if self._first is None and done:
            self._first = now, done
        if not self._due(now):
            return
        left = (
            None
            if self._first is None
            else remaining(done - self._first[1], total - self._first[1], now - self._first[0])
        )
        share = f"{100 * done // total} % of {total:,} rows" if total else "no rows"
        self._say(f"building the volume: {share}, {what}" + (f", about {seconds(left)} left" if left else ""))

    def waiting(self, waited: float) -> None:
        """As `Templates.ensure` tells who waits."""
        if self._due(self._clock()):
            self._say(f"another process builds this volume; waiting for it, {waited:.0f} s so far")

    def _due(self, now: float) -> bool:
        if now - self._last < self._wait:
            return False
        self._last, self._wait, self.said = now, self._every, True
        return True


def remaining(done: int, total: int, elapsed: float) -> float | None:
    """Seconds until the last row, at the pace so far; None where that says nothing yet."""
    return elapsed * (total - done) / done if total / 50 < done < total and elapsed > 0.5 else None


def seconds(count: float) -> str:
    """`40 s`, `3 min`."""
    return f"{count:.0f} s" if count < 100 else f"{count / 60:.0f} min"
