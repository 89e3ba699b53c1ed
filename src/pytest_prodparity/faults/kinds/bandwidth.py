"""A thin line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip
from .statement import copies_in

_TICK_S = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Bandwidth:
    """Request and answer pass at `kb_per_s` kilobytes (1000 bytes) a second."""

    name: ClassVar[str] = "bandwidth"
    at: ClassVar[At] = "trip"
    kb_per_s: float = 10.0
    trip: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.kb_per_s < float("inf"):
            raise UsageError(
                f"Bandwidth(kb_per_s={self.kb_per_s!r}) is no rate.",
                fix="a number above 0, as in Bandwidth(kb_per_s=64)",
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Not a COPY from the client, whose rows are no answer."""
        if isinstance(asking, Asking) and copies_in(asking):
            return "the rows of a COPY FROM STDIN come after its answer has begun"
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """Every part when it is due, so that pauses of the machine do not add up."""
        rate = self.kb_per_s * 1000
        line.hold(line.request_size / rate)
        piece = max(1, int(rate * _TICK_S))
        for answer in line.answer():
            for at in range(0, len(answer), piece):
                part = answer[at : at + piece]
                if not line.lifted:
                    line.hold(len(part) / rate)
                line.deliver(part)
