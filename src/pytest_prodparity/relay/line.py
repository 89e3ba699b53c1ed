"""What can be done to a service's connection at the moment of a strike."""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping
from http.client import responses
from typing import TYPE_CHECKING

from ..wire.gate import Asking, Opening
from ..wire.line import GoneError, Line
from .message import Answer, Head, answer_of

if TYPE_CHECKING:
    from .http import Exchange, Http
    from .link import Link
    from .tcp import Tcp

_SILENCE_S = 0.02
"""So long after its last bytes, an answer of unknown protocol counts as whole."""


class ServiceLine(Line):
    """Any connection through a proxy."""

    def __init__(self, link: Link, asking: Asking | Opening) -> None:
        super().__init__(asking, link.client.plain, link.wake, descriptor=link.peer.descriptor)
        self._link = link

    def deliver(self, data: bytes) -> None:
        """See Line; under the proxy's delay, and TLS."""
        self.answered = True
        self._link.down(data)
        self._link.flush()

    def shut_port(self) -> None:
        """See Line."""
        self._link.relay.refuse()

    def hang_up(self) -> None:
        """See Line."""
        self.over = True
        self._link.client.goodbye()

    def drop_server(self) -> None:
        """See Line; nobody can tell when a service has noticed."""
        self._link.drop_server()

    def keep_server(self) -> None:
        """See Line."""
        self._link.keep_server()

    def forward(self) -> None:
        """Of an opening there is nothing to send on."""

    def answer(self) -> Iterator[bytes]:
        """Nor an answer."""
        return iter(())

    def _left(self, events: int) -> bool:
        # A socket under TLS cannot be peeked into.
        return super()._left(events & ~select.POLLIN if self._link.client.tls is not None else events)


class OpeningLine(ServiceLine):
    """A client that has just connected."""

    def expire(self) -> None:
        """Show it a certificate that has expired. Without TLS it does nothing."""
        self._link.expire()


class TcpLine(ServiceLine):
    """A chunk of plain TCP."""

    def __init__(self, link: Tcp, asking: Asking) -> None:
        super().__init__(link, asking)
        self._tcp = link
        self.request_size = link.waiting

    def forward(self) -> None:
        """See Line."""
        if not self.forwarded:
            self.forwarded = True
            self._tcp.forward()

    def answer(self) -> Iterator[bytes]:
        """What comes until the service is silent for a moment."""
        self.forward()
        return self._tcp.collect(_SILENCE_S)

    def reset(self) -> None:
        """See Line."""
        self._tcp.record()
        super().reset()


class HttpLine(ServiceLine):
    """An HTTP request whose head has come."""

    def __init__(self, link: Http, asking: Asking, exchange: Exchange) -> None:
        super().__init__(link, asking)
        self._http = link
        self._exchange = exchange
        self.request_size = len(exchange.head.raw) + (exchange.head.length or 0)
        self.taken = False
        """The answer was asked for, and is this line's to deliver."""

    @property
    def request(self) -> Head:
        """The request's head."""
        return self._exchange.head

    def forward(self) -> None:
        """See Line; with its whole body."""
        if not self.forwarded:
            self.forwarded = True
            self._http.forward(self._exchange)

    def answer(self) -> Iterator[bytes]:
        """See Line. Answers with a status of 1xx have been passed on."""
        self.forward()
        self.taken = True
        return self._http.collect(self._exchange)

    def parsed(self) -> Answer:
        """The service's whole answer, not delivered: head, and body without the framing of chunks."""
        return answer_of(self.reply(), self.request.first)

    def swallow(self) -> None:
        """Take the request's body, and send it nowhere."""
        if not self.forwarded:
            self._http.swallow(self._exchange)

    def respond(self, status: int, fields: Mapping[str, str], body: bytes) -> None:
        """Answer in the service's place, in order; the connection stays usable."""
        waits = not self.forwarded and (self.request.field("expect") or "").lower() == "100-continue"
        if not waits:
            self.swallow()
        reason = responses.get(status, "Unknown")
        said = {**fields, "Content-Length": str(len(body)), **({"Connection": "close"} if waits else {})}
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in said.items()), "", ""]
        self._link.struck = False  # from here on the connection is in order
        self.deliver("\r\n".join(lines).encode("latin-1") + (b"" if self.request.first == "HEAD" else body))
        if waits:
            self.hang_up()

    def deliver(self, data: bytes) -> None:
        """See Line."""
        self._http.record(self._exchange)
        super().deliver(data)

    def reset(self) -> None:
        """See Line."""
        self._http.record(self._exchange)
        super().reset()

    def hang_up(self) -> None:
        """See Line."""
        self._http.record(self._exchange)
        super().hang_up()


def http(line: Line) -> HttpLine:
    """The same line, where it is HTTP's; a kind's `fits` has said so."""
    if not isinstance(line, HttpLine):
        raise GoneError(f"{line.asking.protocol} is not HTTP")
    return line
