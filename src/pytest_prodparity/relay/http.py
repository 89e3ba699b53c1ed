"""One client's HTTP/1.1 connection: each request is a trip that a gate may break. Bytes pass unchanged.

Pipelining, 100-continue, HEAD and bodies without length are followed; after an Upgrade, a CONNECT, or what is not
HTTP/1.1, bytes pass unseen.
"""

from __future__ import annotations

import hashlib
import re
import socket
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..wire.gate import Asking
from ..wire.line import GoneError
from ..wire.sender import Sender
from .line import HttpLine
from .link import Link
from .message import Body, Endless, GarbledError, Head, Reading, body_of_answer, body_of_request, head
from .trip import HttpTrip

if TYPE_CHECKING:
    from ..wire.gate import Strike
    from .relay import Relay

_HOST = re.compile(rb"(?im)^(host:[ \t]*)[^\r\n]*")
_DIGITS = 16


class Exchange:
    """A request, and what has come of it so far."""

    def __init__(self, head: Head, number: int, sender: Sender) -> None:
        self.head = head
        self.number = number
        self.sender = sender
        self.started = time.monotonic()
        self.delay = 0.0
        self.digest = hashlib.sha256()
        self.bytes_out = len(head.raw)
        self.bytes_in = 0
        self.status = 0
        self.body: Body = body_of_request(head)
        self.sent = False
        self.forwarded = False
        self.struck = False
        self.broken = False
        self.complete = False
        self.recorded = False
        self.collected: deque[bytes] | None = None
        """The answer as far as it has come, while a strike holds it back."""

    def asking(self, connection: int) -> Asking:
        """For a gate."""
        sender = self.sender
        return Asking(
            protocol="http", connection=connection, number=self.number, statements=(self.name,), state="",
            source=sender.source, stack=sender.stack, actor=sender.actor, at=self.started,
        )  # fmt: skip

    @property
    def name(self) -> str:
        """Such as `POST /charge`."""
        return f"{self.head.first} {self.head.path}"

    def trip(self, connection: int, service: str) -> HttpTrip:
        """For the record."""
        sender, key = self.sender, self.head.field("idempotency-key")
        return HttpTrip(
            connection=connection, number=self.number, service=service, statements=(self.name,), started=self.started,
            ended=max(self.started, time.monotonic() - self.delay), bytes_out=self.bytes_out, bytes_in=self.bytes_in,
            actor=sender.actor, source=sender.source, stack=sender.stack, struck=self.struck, applied=self.sent,
            broken=self.broken and not self.struck, method=self.head.first, path=self.head.path, status=self.status,
            digest=self.digest.hexdigest()[:_DIGITS],
            idempotency_key=hashlib.sha256(key.encode()).hexdigest()[:_DIGITS] if key else "",
        )  # fmt: skip


class Http(Link):
    """See Link."""

    protocol = "http"

    def __init__(self, relay: Relay, number: int, client: socket.socket, port: int) -> None:
        super().__init__(relay, number, client, port)
        self._requests, self._answers = Reading(), Reading()
        self._receiving: Exchange | None = None
        self._pending: deque[Exchange] = deque()
        """Sent on at least in part, and not answered yet."""
        self._opaque = False
        self._told = False

    @property
    def in_flight(self) -> bool:
        """Is an exchange under way?"""
        return bool(self._pending) or self._receiving is not None

    # From the client

    def asked(self, data: bytes) -> None:
        """See Link."""
        self._requests.feed(data)

    def read_on(self) -> None:
        """See Link."""
        while self._read():
            pass
        if self._client_done and not self._told:
            self._told = True
            self.close_up()

    def _read(self) -> bool:
        """Whether there may be more."""
        if self._opaque:
            data = self._requests.rest()
            if data:
                self.up(data)
            return False
        if self._receiving is not None:
            return self._read_body(self._receiving)
        raw = b""
        try:
            raw = self._requests.head() or b""
            if not raw:
                return False
            asked = head(raw, answer=False)
            if asked.first == "PRI":
                raise GarbledError("HTTP/2")
            self.trips += 1
            exchange = Exchange(asked, self.trips, self.sender())
        except GarbledError:
            self._pass_unseen(raw)
            return True
        self._begin(exchange)
        return True

    def _read_body(self, exchange: Exchange) -> bool:
        try:
            data = self._requests.take()
        except GarbledError:
            self._pass_unseen(b"")
            return True
        exchange.digest.update(data)
        exchange.bytes_out += len(data)
        if exchange.body.done:
            self._receiving = self._requests.body = None
            exchange.sent = exchange.forwarded
        if data and exchange.forwarded:
            self.up(data)
        return exchange.body.done

    def _begin(self, exchange: Exchange) -> None:
        self._receiving, self._requests.body = exchange, exchange.body
        exchange.delay = self.new_delay()
        gate = self.relay.gate
        strike = gate.asking(exchange.asking(self.number)) if gate is not None else None
        if strike is None:
            self._send_on(exchange)
        else:
            self._strike(exchange, strike)

    def _send_on(self, exchange: Exchange) -> None:
        exchange.forwarded = True
        self._pending.append(exchange)
        raw = exchange.head.raw
        if self.relay.host is not None:
            raw = _HOST.sub(rb"\g<1>" + self.relay.host.encode(), raw, count=1)
        self.up(raw)

    def _strike(self, exchange: Exchange, strike: Strike) -> None:
        while self._pending:  # a client that pipelines: what it asked before is answered first
            self.turn()
        exchange.struck = True
        line = HttpLine(self, exchange.asking(self.number), exchange)
        self.strike(strike, line)
        if line.taken:
            self.record(exchange)
        elif line.forwarded:
            self._release(exchange)
        elif line.answered:
            self.swallow(exchange)
        else:
            self._send_on(exchange)
        self.struck = False

    def _release(self, exchange: Exchange) -> None:
        """The answer goes to the client after all."""
        held, exchange.collected = exchange.collected or deque(), None
        if exchange.complete:
            self.record(exchange)
        for data in held:
            self.down(data)
        if self._server_done:
            self.close_down()

    # For a line

    def forward(self, exchange: Exchange) -> None:
        """Send it on, to its end; its answer is held back."""
        exchange.collected = deque()
        self._send_on(exchange)
        self._to_its_end()
        while not self._up.empty:
            self.turn()

    def swallow(self, exchange: Exchange) -> None:
        """Take it to its end, and send it nowhere."""
        if self._receiving is exchange:
            self._to_its_end()

    def _to_its_end(self) -> None:
        while self._receiving is not None and not self._opaque:
            if not self._read_body(self._receiving):
                if self._client_done:
                    raise GoneError("the client left in the middle of its request")
                self.turn()

    def collect(self, exchange: Exchange) -> Iterator[bytes]:
        """The answer, as it comes."""
        while True:
            while exchange.collected:
                yield exchange.collected.popleft()
            if exchange.complete:
                return
            self.turn()

    def record(self, exchange: Exchange) -> None:
        """Once."""
        if not exchange.recorded:
            exchange.recorded = True
            self.relay.deliver(exchange.trip(self.number, self.relay.address.where))

    def ended(self) -> None:
        """See Link."""
        left = list(self._pending)
        if self._receiving is not None and self._receiving not in left:
            left.append(self._receiving)
        for exchange in left:
            exchange.broken = True
            self.record(exchange)

    # From the service

    def answered(self, data: bytes) -> None:
        """See Link."""
        if not data:
            self._no_more()
        elif self._opaque or not self._pending:
            self.down(data)
        else:
            self._answers.feed(data)
            try:
                while self._pending and self._read_answer(self._pending[0]):
                    pass
            except GarbledError:
                self._pending[0].broken = True
                self._pass_unseen(b"")

    def _read_answer(self, exchange: Exchange) -> bool:
        """Whether there may be more."""
        out = b""
        if self._answers.body is None:
            out = self._answers.head() or b""
            if not out:
                return False
            exchange.bytes_in += len(out)
            said = head(out, answer=True)
            if 100 <= said.status < 200 and said.status != 101:
                self.down(out)
                return True
            exchange.status = said.status
            if said.status == 101 or (exchange.head.first == "CONNECT" and said.status < 300):
                self._pending.popleft()
                self._say(exchange, out, complete=True)
                self._pass_unseen(b"")
                return False
            self._answers.body = body_of_answer(said, exchange.head.first)
        body = self._answers.body
        out += (data := self._answers.take())
        exchange.bytes_in += len(data)
        if body.done:
            self._answers.body = None
            self._pending.popleft()
        self._say(exchange, out, complete=body.done)
        return body.done

    def _say(self, exchange: Exchange, data: bytes, *, complete: bool) -> None:
        exchange.complete = complete
        if exchange.collected is not None:
            exchange.collected.append(data)
            return
        if complete:
            # Before the client's call returns.
            self.record(exchange)
        if data:
            self.down(data)

    def _no_more(self) -> None:
        """The service has said everything."""
        for place, exchange in enumerate(self._pending):
            exchange.complete = True
            exchange.broken = place > 0 or not isinstance(self._answers.body, Endless)
            if exchange.collected is None:
                self.record(exchange)
            else:
                exchange.collected.append(self._answers.rest())
        self._pending.clear()
        rest = self._answers.rest()
        if rest:
            self.down(rest)
        if not self.striking:
            self.close_down()

    def _pass_unseen(self, raw: bytes) -> None:
        """From here on it is not ours to read."""
        self._opaque = True
        if raw := raw + self._requests.rest():
            self.up(raw)
        for exchange in self._pending:
            exchange.complete = True
            self.record(exchange)
        self._pending.clear()
        if rest := self._answers.rest():
            self.down(rest)
