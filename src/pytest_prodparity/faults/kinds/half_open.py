"""The client's end is gone, and the server does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip


@dataclass(frozen=True, kw_only=True, slots=True)
class HalfOpen:
    """A reset that the server never hears of: the session stays in its transaction, with its locks.

    Whoever tries again meets the locks of its own ghost, until the server's keepalive finds out: here, until the end.
    """

    name: ClassVar[str] = "half-open"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any connection can be cut in its middle."""
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """The statement is lost."""
        line.keep_server()
        line.reset()
