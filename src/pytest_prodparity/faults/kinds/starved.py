"""Few connections are left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_connect
from .sqlstates import message_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Starved:
    """Who would be more than the `connections`-th client at once is told so (53300)."""

    name: ClassVar[str] = "starved"
    at: ClassVar[At] = "connect"
    connections: int = 1
    trip: int | None = None

    def __post_init__(self) -> None:
        if self.connections < 0:
            raise UsageError(
                f"Starved(connections={self.connections!r}): a server has no fewer than 0.",
                fix="Starved(connections=1)",
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Of PostgreSQL, which says it so."""
        return f"{asking.protocol} says it otherwise" if asking.protocol != "postgres" else at_connect(asking)

    def strike(self, line: Line) -> None:
        """Lets in who is among the first."""
        if line.clients >= self.connections:
            line.fail("53300", message_of("53300"))
