"""Nothing arrives any more, and nobody says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip


@dataclass(frozen=True, kw_only=True, slots=True)
class BlackHole:
    """From the statement on the network swallows everything: the client waits as long as its own deadline lets it.

    The server hears nothing either, not even that the client gives up: the session keeps its locks, unless it is `noticed`.
    """

    name: ClassVar[str] = "black-hole"
    at: ClassVar[At] = "trip"
    trip: int | None = None
    noticed: bool = False
    """The server learns that the client gave up, as it does where only one direction is blocked."""

    def fits(self, asking: Asking | Opening) -> str | None:
        """Anything can be swallowed."""
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """It ends with the client's patience, or with all faults."""
        if not self.noticed:
            line.keep_server()
        line.hold(None)
        line.reset()
