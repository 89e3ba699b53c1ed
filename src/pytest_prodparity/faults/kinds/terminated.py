"""An administrator ends the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminated:
    """A real `pg_terminate_backend` before the statement: the server says 57P01 and hangs up."""

    name: ClassVar[str] = "terminated"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Only PostgreSQL has backends."""
        return f"{asking.protocol} has no backends" if asking.protocol != "postgres" else at_trip(asking)

    def strike(self, line: Line) -> None:
        """What the client reads are the server's own last words."""
        line.terminate()
