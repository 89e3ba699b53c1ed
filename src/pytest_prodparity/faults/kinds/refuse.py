"""The server takes no connection."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_connect
from .sqlstates import CONNECT, message_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Refuse:
    """Nobody is let in: a reset at the client's first word, or with `sqlstate` the server's own refusal.

    With `closed` nobody listens any more, until all faults are lifted: who connects gets ECONNREFUSED. In a sweep the
    first one is reset, since it is connected when the port is shut.
    """

    trip: int | None = None
    sqlstate: str | None = None
    closed: bool = False

    def __post_init__(self) -> None:
        if self.sqlstate is not None and self.sqlstate not in CONNECT:
            raise UsageError(
                f"Refuse(sqlstate={self.sqlstate!r}): no server refuses a connection so.",
                fix=f"one of {', '.join(sorted(CONNECT))}, or none for a reset",
            )
        if self.closed and self.sqlstate is not None:
            raise UsageError(
                f"Refuse(sqlstate={self.sqlstate!r}, closed=True): where nobody listens, nobody says {self.sqlstate}.",
                fix="one of the two",
            )

    @property
    def name(self) -> str:
        """With a suffix where nobody listens."""
        return "refuse-closed" if self.closed else "refuse"

    @property
    def at(self) -> At:
        """Who connects."""
        return "connect"

    def fits(self, asking: Asking | Opening) -> str | None:
        """Only who connects can be refused; SQLSTATEs are PostgreSQL's."""
        if self.sqlstate is not None and asking.protocol != "postgres":
            return f"{asking.protocol} has no SQLSTATE"
        return at_connect(asking)

    def strike(self, line: Line) -> None:
        """The server never hears of it."""
        if self.closed:
            line.shut_port()
        if self.sqlstate is None:
            line.reset()
        else:
            line.fail(self.sqlstate, message_of(self.sqlstate))
