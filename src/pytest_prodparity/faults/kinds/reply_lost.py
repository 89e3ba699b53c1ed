"""The statement is done, and its answer is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_trip
from .statement import copies_in


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyLost:
    """A reset after the statement: a COMMIT has committed, and the client sees what it sees of `ResetPeer`."""

    name: ClassVar[str] = "reply-lost"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Not a COPY from the client, which is answered before it is done."""
        if isinstance(asking, Asking) and copies_in(asking):
            return "the server answers a COPY FROM STDIN before it has the rows"
        return at_trip(asking)

    def strike(self, line: Line) -> None:
        """An open transaction ends with its session; what is committed stays."""
        line.reply()
        line.drop_server()
        line.reset()
