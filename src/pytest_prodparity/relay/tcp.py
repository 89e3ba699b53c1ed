"""One client's connection of any protocol: what it sends after the service has spoken is a trip."""

from __future__ import annotations

import re
import socket
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..wire.gate import Asking
from ..wire.sender import UNKNOWN
from .line import TcpLine
from .link import Link
from .trip import ServiceTrip

if TYPE_CHECKING:
    from .relay import Relay

_SILENCE_S = 0.05
"""A client that sends again after so long, without an answer between, begins a new trip."""
_NAMED = 20
_WORD = re.compile(rb"[A-Za-z]{2,16}(?=[ \r\n])")


class Tcp(Link):
    """See Link."""

    def __init__(self, relay: Relay, number: int, client: socket.socket, port: int) -> None:
        super().__init__(relay, number, client, port)
        self._held = b""
        self._spoken = True
        """The service has, since the client last did."""
        self._last = 0.0
        self._told = False
        self._sender = UNKNOWN
        self._names: tuple[str, ...] = ()
        self._started = 0.0
        self._size = 0
        self._open_trip = False
        self._was_struck = False
        self._passed = False
        self._collected: deque[bytes] | None = None

    @property
    def in_flight(self) -> bool:
        """Is an answer awaited?"""
        return self._open_trip

    def _open(self) -> None:
        super()._open()
        self.reach()  # some services speak first

    @property
    def waiting(self) -> int:
        """Bytes that are not sent on yet."""
        return len(self._held)

    # From the client

    def asked(self, data: bytes) -> None:
        """See Link."""
        self._held += data

    def read_on(self) -> None:
        """See Link."""
        while self._held:
            now = time.monotonic()
            begins, self._last = self._spoken or now - self._last > _SILENCE_S, now
            if begins:
                self._begin(now)
            else:
                self.forward()
        if self._client_done and not self._told:
            self._told = True
            self.close_up()

    def _begin(self, now: float) -> None:
        self.record()
        self._spoken = False
        self.trips += 1
        self._sender = self.sender()
        self._names, self._started, self._size = names(self._held), now, 0
        self._open_trip, self._was_struck, self._passed = True, False, False
        self.new_delay()
        gate, sender = self.relay.gate, self._sender
        if gate is None:
            self.forward()
            return
        asking = Asking(
            protocol="tcp", connection=self.number, number=self.trips, statements=self._names, state="",
            source=sender.source, stack=sender.stack, actor=sender.actor, at=now,
        )  # fmt: skip
        strike = gate.asking(asking)
        if strike is None:
            self.forward()
            return
        self._was_struck = True
        line, size = TcpLine(self, asking), len(self._held)
        self.strike(strike, line)
        if not line.forwarded and line.answered:
            self._held = self._held[size:]
        elif not line.forwarded:
            self.forward()
        held, self._collected = self._collected, None
        if line.answered or held:
            self.record(sum(map(len, held or ())))
        for data in held or ():
            self.down(data)
        self.struck = False

    def forward(self) -> None:
        """What the client has sent goes on."""
        data, self._held = self._held, b""
        if data:
            self._passed = True
            self._size += len(data)
            if self.striking:
                self._collected = deque()
            self.up(data)
            while self.striking and not self._up.empty:
                self.turn()

    def collect(self, silence: float) -> Iterator[bytes]:
        """What the service says, as it comes, until it is silent for so long."""
        until: float | None = None
        while not self._server_done and (until is None or time.monotonic() < until):
            self.turn(until)
            while self._collected:
                yield self._collected.popleft()
                until = time.monotonic() + silence

    # From the service

    def answered(self, data: bytes) -> None:
        """See Link."""
        if not self._spoken:
            self._spoken = True
            if not self.striking:
                self.record(len(data))
        if self._collected is not None:
            self._collected.append(data)
        elif data:
            self.down(data)
        else:
            self.close_down()

    def record(self, size: int = 0) -> None:
        """The open trip, once, with so many bytes of an answer."""
        if not self._open_trip:
            return
        self._open_trip = False
        sender = self._sender
        self.relay.deliver(
            ServiceTrip(
                connection=self.number, number=self.trips, service=self.relay.address.where, statements=self._names,
                started=self._started, ended=max(self._started, time.monotonic() - self._delay),
                bytes_out=self._size, bytes_in=size, actor=sender.actor, source=sender.source, stack=sender.stack,
                struck=self._was_struck, applied=self._passed, broken=not size and self._client_done,
            )
        )  # fmt: skip

    def ended(self) -> None:
        """See Link."""
        self.record()


def names(data: bytes) -> tuple[str, ...]:
    """Of Redis its commands, of a protocol of lines its first word; `bytes` where there is none. Never a value."""
    if not data.startswith(b"*"):
        word = _WORD.match(data)
        return (word[0].decode().upper() if word else "bytes",)
    found: list[str] = []
    at = 0
    while data.startswith(b"*", at) and len(found) < _NAMED:
        lines = data[at:].split(b"\r\n", 3)
        if len(lines) < 4 or not lines[0][1:].isdigit() or not re.fullmatch(rb"[A-Za-z._]{2,32}", lines[2]):
            break
        found.append(lines[2].decode().upper())
        end = _end(data, at, int(lines[0][1:]))
        if end is None:
            break
        at = end
    return tuple(found) or ("bytes",)


def _end(data: bytes, at: int, parts: int) -> int | None:
    """Where a command of so many bulk strings ends."""
    at = data.index(b"\r\n", at) + 2
    for _ in range(parts):
        line = data.find(b"\r\n", at)
        if line < 0 or data[at : at + 1] != b"$" or not data[at + 1 : line].isdigit():
            return None
        at = line + 4 + int(data[at + 1 : line])
    return at
