"""Another server becomes the primary."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening, Strike
from ...wire.line import Line
from .kind import At, at_trip


@dataclass(frozen=True, kw_only=True, slots=True)
class Failover:
    """Transactions are lost; sessions that stay can only read (25006) until they are closed, new ones for `seconds`."""

    name: ClassVar[str] = "failover"
    at: ClassVar[At] = "trip"
    seconds: float = 0.5
    trip: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < float("inf"):
            raise UsageError(
                f"Failover(seconds={self.seconds!r}) is no time.", fix="a number, as in Failover(seconds=0.5)"
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Only PostgreSQL has a primary."""
        return f"{asking.protocol} has no primary" if asking.protocol != "postgres" else at_trip(asking)

    def strike(self, line: Line) -> None:
        """Begins with this connection's statement."""
        line.stand(_Demoted(time.monotonic(), self.seconds))
        line.terminate_others(_in_transaction)
        if isinstance(line.asking, Asking) and _in_transaction(line.asking.state):
            line.drop_server()
            line.reset()
        else:
            line.read_only()


def _in_transaction(state: str) -> bool:
    return state in ("T", "E")


class _Demoted:
    """The gate of a server that is a standby now: for the sessions that it had, and for those that come too early."""

    def __init__(self, since: float, seconds: float) -> None:
        self._until = since + seconds
        self._primary: set[int] = set()
        """Connections that the new primary has got."""

    def opening(self, opening: Opening) -> Strike | None:
        if opening.at >= self._until:
            self._primary.add(opening.connection)
            return None
        return _begin_reading

    def asking(self, asking: Asking) -> Strike | None:
        # Again at each transaction: a pool that resets its connections would otherwise make it a primary.
        return _begin_reading if asking.state == "I" and asking.connection not in self._primary else None


def _begin_reading(line: Line) -> None:
    line.read_only()
