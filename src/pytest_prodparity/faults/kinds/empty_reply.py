"""The server hangs up without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...relay.line import http
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At


@dataclass(frozen=True, kw_only=True, slots=True)
class EmptyReply:
    """The request is read, and the connection ends in order without an answer. Nothing was done."""

    name: ClassVar[str] = "empty-reply"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request."""
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """Unread bytes would make a reset of it."""
        http(line).swallow()
        line.hang_up()
