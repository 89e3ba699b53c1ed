"""The connection is torn down before the statement arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip


@dataclass(frozen=True, kw_only=True, slots=True)
class ResetPeer:
    """A reset before the statement: it was not done, and its transaction is rolled back. The client cannot tell."""

    name: ClassVar[str] = "reset-peer"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Anything can be torn down."""
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """The server's end first: when the client hears of it, its locks are free."""
        line.drop_server()
        line.reset()
