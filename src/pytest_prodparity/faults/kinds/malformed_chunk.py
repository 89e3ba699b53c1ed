"""An answer that stops being HTTP in its middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...relay.line import http
from ...relay.message import rewritten
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At


@dataclass(frozen=True, kw_only=True, slots=True)
class MalformedChunk:
    """The request is done; its answer begins well, in chunks, and then there is garbage and the end."""

    name: ClassVar[str] = "malformed-chunk"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request."""
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """Half of the body comes as a good chunk."""
        answer = http(line).parsed()
        half = answer.body[: len(answer.body) // 2]
        good = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
        said = rewritten(answer.head, {"Transfer-Encoding": "chunked"})
        line.deliver(said + good + b"lskdu018973t09sylgasjkfg1]\r\n")
        line.hang_up()
