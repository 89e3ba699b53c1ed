"""The time of a recorded server: it starts at the recording, and goes on as the test's own clock does."""

from __future__ import annotations

import asyncio
import threading
import time

_SLEEPS = (time.sleep, asyncio.sleep)
_TIME = time.time


class Clock:
    """`anchor` is when the recording was made, in seconds since 1970; None where nobody knows.

    Time starts to pass with the first question, so a test that is frozen as a whole is frozen here too. What
    `time.time` says counts, which freezegun and time-machine move; a clock that was set back does not take time back,
    and when it is put right again the jump is not counted as time that passed.
    """

    def __init__(self, anchor: float | None) -> None:
        self.anchor = anchor
        self._lock = threading.Lock()
        self._last: float | None = None
        self._passed = 0.0
        self._debt = 0.0
        self._advanced = 0.0
        self._skewed = 0.0

    def now(self) -> float:
        """The server's time, in seconds since 1970 (since the start of the replay, where there is no anchor)."""
        with self._lock:
            return (self.anchor or 0.0) + self._elapsed() + self._advanced + self._skewed

    def wall(self) -> float:
        """What a server with this skew shows a client whose clock is the test's: advances do not count in it."""
        with self._lock:
            return time.time() + self._skewed

    def advance(self, seconds: float) -> None:
        """Let time pass for the server, not for the code under test."""
        with self._lock:
            self._advanced += seconds

    def skew(self, seconds: float) -> None:
        """Set how far the server's clock is ahead of the client's; negative for behind."""
        with self._lock:
            self._skewed = seconds

    @property
    def waits_are_real(self) -> bool:
        """False where the test has replaced `sleep` alone: then nobody can say how long the code would have waited.

        Where it has replaced the time too, as freezegun and time-machine do, a wait moves that.
        """
        return (time.sleep, asyncio.sleep) == _SLEEPS or time.time is not _TIME

    def _elapsed(self) -> float:
        seen = time.time()
        step = 0.0 if self._last is None else seen - self._last
        self._last = seen
        if step < 0:
            self._debt -= step
            return self._passed
        if step >= self._debt:
            step, self._debt = step - self._debt, 0.0
        else:
            self._debt -= step
        self._passed += step
        return self._passed
