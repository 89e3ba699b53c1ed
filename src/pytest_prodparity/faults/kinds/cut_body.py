"""A body that ends before its end."""

from __future__ import annotations

from dataclasses import dataclass
from gzip import compress
from typing import ClassVar, Literal, get_args

from ...core.errors import UsageError
from ...core.suggest import closest
from ...relay.line import http
from ...relay.message import Answer, rewritten
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At

Framing = Literal["length", "chunked", "close"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CutBody:
    """The request is done; half of the answer's body comes, and then the connection ends in order.

    Whether a client can notice depends on how the body's end is said: `framing` is `length` (Content-Length), `chunked`,
    or `close` (by the end of the connection); None leaves it as the service has it. With `gzip` the body is compressed.
    """

    name: ClassVar[str] = "cut-body"
    at: ClassVar[At] = "trip"
    trip: int | None = None
    gzip: bool = False
    framing: Framing | None = None

    def __post_init__(self) -> None:
        if self.framing not in (None, *get_args(Framing)):
            raise UsageError(
                f"CutBody(framing={self.framing!r}) is none of {', '.join(map(repr, get_args(Framing)))}"
                f"{closest(str(self.framing), get_args(Framing))}."
            )

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request whose answer has a body."""
        if isinstance(asking, Asking) and asking.statements[0].startswith("HEAD "):
            return "the answer to a HEAD has no body"
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """An answer without a body is cut in its head."""
        answer = http(line).parsed()
        if not answer.body:
            line.deliver(answer.head.raw[: len(answer.head.raw) // 2])
        elif self.framing is None and not self.gzip:
            line.deliver(answer.head.raw + answer.raw[: len(answer.raw) // 2])
        else:
            line.deliver(self._reframed(answer))
        line.hang_up()

    def _reframed(self, answer: Answer) -> bytes:
        framing = self.framing or ("chunked" if answer.head.chunked else "length")
        body, fields = answer.body, {}
        if self.gzip and answer.head.field("content-encoding") is None:
            body = compress(body)
            fields["Content-Encoding"] = "gzip"
        half = body[: len(body) // 2]
        if framing == "length":
            fields["Content-Length"] = str(len(body))
        elif framing == "chunked":
            fields["Transfer-Encoding"] = "chunked"
            half = b"%x\r\n%b\r\n" % (len(half), half)
        else:
            fields["Connection"] = "close"
        return rewritten(answer.head, fields) + half
