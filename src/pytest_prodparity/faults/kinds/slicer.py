"""The answer comes in crumbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip
from .statement import copies_in

_MOST = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Slicer:
    """The answer is cut into pieces of `size` bytes (an answer of more than 2000 of them into larger ones), `delay_ms` apart."""

    name: ClassVar[str] = "slicer"
    at: ClassVar[At] = "trip"
    size: int = 1
    delay_ms: float = 0.1
    trip: int | None = None

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.delay_ms < float("inf"):
            raise UsageError(
                f"Slicer(size={self.size!r}, delay_ms={self.delay_ms!r}): a piece has at least 1 byte, a delay at least 0 ms.",
                fix="for instance Slicer(size=1)",
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Not a COPY from the client, whose rows are no answer."""
        if isinstance(asking, Asking) and copies_in(asking):
            return "the rows of a COPY FROM STDIN come after its answer has begun"
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """Without a delay the client's kernel would put the pieces together again."""
        for answer in line.answer():
            size = max(self.size, -(-len(answer) // _MOST))
            for at in range(0, len(answer), size):
                line.deliver(answer[at : at + size])
                if self.delay_ms and not line.lifted:
                    line.hold(self.delay_ms / 1000)
