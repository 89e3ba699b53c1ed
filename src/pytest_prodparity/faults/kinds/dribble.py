"""A body that comes drop by drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...relay.line import http
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At

_DROPS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Dribble:
    """The request is done; its answer's body comes in drops, each soon enough for a timeout that counts single reads.

    All of it takes `seconds`, in at most 200 drops.
    """

    name: ClassVar[str] = "dribble"
    at: ClassVar[At] = "trip"
    trip: int | None = None
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise UsageError(f"Dribble(seconds={self.seconds!r}) must be above 0.")

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request."""
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """The head comes at once."""
        answer = http(line).parsed()
        line.deliver(answer.head.raw)
        size = max(1, -(-len(answer.raw) // _DROPS))
        pause = self.seconds * size / max(1, len(answer.raw))
        for at in range(0, len(answer.raw), size):
            if not line.hold(pause):
                return
            line.deliver(answer.raw[at : at + size])
