"""The server restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening, Strike
from ...wire.line import Line
from .kind import At, at_trip
from .sqlstates import message_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Restart:
    """All sessions are ended (57P01); for `seconds` new ones are told that the server is starting up (57P03)."""

    name: ClassVar[str] = "restart"
    at: ClassVar[At] = "trip"
    seconds: float = 0.5
    trip: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < float("inf"):
            raise UsageError(
                f"Restart(seconds={self.seconds!r}) is no time.", fix="a number, as in Restart(seconds=0.5)"
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Of PostgreSQL, whose last words are known."""
        return f"{asking.protocol} restarts otherwise" if asking.protocol != "postgres" else at_trip(asking)

    def strike(self, line: Line) -> None:
        """Only this wire's clients: other tests may use the server."""
        at = line.asking.at
        line.stand(_StartingUp(at + self.seconds))
        line.terminate_others(_any)
        line.terminate()


def _any(_state: str) -> bool:
    return True


class _StartingUp:
    def __init__(self, until: float) -> None:
        self._until = until

    def opening(self, opening: Opening) -> Strike | None:
        return _refuse if opening.at < self._until else None

    def asking(self, _asking: Asking) -> Strike | None:
        return None


def _refuse(line: Line) -> None:
    line.fail("57P03", message_of("57P03"))
