"""The answer takes long."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip
from .statement import commits, controls


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """The statement takes `seconds` longer. `statement_timeout` and a cancel end it, as they end a statement that is slow."""

    name: ClassVar[str] = "slow"
    at: ClassVar[At] = "trip"
    seconds: float = 5.0
    trip: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.seconds < float("inf"):
            raise UsageError(
                f"Slow(seconds={self.seconds!r}) is no time.", fix="a number above 0, as in Slow(seconds=5)"
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Anything can be slow."""
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """It waits before the statement begins."""
        asking = line.asking
        limit = None
        if isinstance(asking, Asking) and not controls(asking) and not commits(asking):
            began = time.monotonic()
            limit = line.statement_timeout
            if limit is not None:
                limit = max(0.0, limit - (time.monotonic() - began))
        ends = limit is not None and limit <= self.seconds
        over = line.hold(limit if ends else self.seconds, cancellable=asking.protocol == "postgres")
        if over and ends:
            line.fail("57014", "canceling statement due to statement timeout")
        elif line.cancelled and not line.lifted:
            line.fail("57014", "canceling statement due to user request")
