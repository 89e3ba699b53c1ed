"""An answer whose head takes its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...relay.line import http
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowHeaders:
    """The request is done; the lines of its answer's head come one by one, and take `seconds` together."""

    name: ClassVar[str] = "slow-headers"
    at: ClassVar[At] = "trip"
    trip: int | None = None
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise UsageError(f"SlowHeaders(seconds={self.seconds!r}) must be above 0.")

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request."""
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """The body comes right after."""
        answer = http(line).parsed()
        lines = answer.head.raw.splitlines(keepends=True)
        for one in lines:
            line.deliver(one)
            if not line.hold(self.seconds / len(lines)):
                return
        line.deliver(answer.raw)
