"""One client's connection through a proxy: a thread that passes bytes on, both ways, and lets a gate strike."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..wire.delayed import precise
from ..wire.gate import Opening
from ..wire.line import GoneError, Line, Wake
from ..wire.sender import OWN_THREADS, UNKNOWN, Peer, Sender
from . import address
from .end import End
from .line import OpeningLine
from .way import Way

if TYPE_CHECKING:
    from ..wire.gate import Strike
    from .relay import Relay

_CONNECT_S = 30.0
_SHORT_S, _EARLY_S, _WATCHED_S = 0.002, 0.001, 0.00008
_LAST_WORDS_S = 2.0
"""How long a client that was told goodbye may go on sending: closed at once, it would get a reset instead."""


class Link(ABC):
    """`run` is a thread's. `asked` and `answered` say what to do with what was read."""

    protocol = "tcp"

    def __init__(self, relay: Relay, number: int, client: socket.socket, port: int) -> None:
        self.number = number
        self.relay = relay
        self.client = End(client)
        self.server: End | None = None
        self.peer = Peer(port)
        self.wake = Wake()
        self.struck = False
        """A strike is under way, or has left something that is not in order."""
        self.striking = False
        self.lifted = False
        self.trips = 0
        self._up, self._down = Way(), Way()
        self._delay = 0.0
        """Of the half of a round trip that is under way."""
        self._rate: float | None = None
        self._expired = False
        self._client_done = self._server_done = False

    # The thread

    def run(self) -> None:
        """Serve the client until it or the service leaves."""
        OWN_THREADS.add(threading.get_ident())
        precise()
        try:
            self._open()
            while True:
                self.turn()
                self.read_on()
        except OSError:
            pass  # either side has left, or a strike has ended it
        except Exception as error:  # noqa: BLE001  # a gate's or a strike's, which nobody else would hear of
            self.relay.failure = self.relay.failure or error
            self.client.reset()
        finally:
            self.ended()
            self.client.close()
            if self.server is not None:
                self.server.close()
            OWN_THREADS.discard(threading.get_ident())
            self.relay.forget(self)

    def _open(self) -> None:
        gate = self.relay.gate
        if gate is not None:
            sender = self.sender()
            opening = Opening(
                protocol="https" if self.relay.secure else self.protocol, connection=self.number, source=sender.source, stack=sender.stack,
                actor=sender.actor, at=time.monotonic(),
            )  # fmt: skip
            self.strike(gate.opening(opening), OpeningLine(self, opening))
        if self.relay.secure:
            context = self.relay.context(expired=self._expired)
            try:
                self.client.secure(context, server=True)
            except OSError:
                raise GoneError from None  # a client that does not trust the certificate
        self.client.begin()

    def reach(self) -> End:
        """The service's end, connected on first use."""
        if self.server is None:
            where = self.relay.address
            try:
                end = End(address.connect(where, _CONNECT_S))
                self.server = end
                if where.tls:
                    end.secure(_context(verified=where.elsewhere), server=False, host=where.host or None)
            except OSError as cause:
                if not self.lifted:
                    self.relay.note_unanswered(cause)
                # A service that is not there has no closer likeness on an accepted connection.
                self.client.reset()
                raise GoneError from None
            end.begin()
        return self.server

    def strike(self, strike: Strike | None, line: Line) -> None:
        """Let it happen. Raises GoneError when the connection has not survived it."""
        if strike is None:
            return
        self.struck = self.striking = True
        try:
            strike(line)
        except GoneError:
            line.over = True
        finally:
            self.striking = False
        if line.over or self.lifted:
            if self.client.fileno() >= 0:
                self.client.reset() if self.lifted else self.linger()
            raise GoneError

    @property
    @abstractmethod
    def in_flight(self) -> bool:
        """Is an exchange under way?"""

    def expire(self) -> None:
        """The handshake to come shows a certificate that has expired."""
        self._expired = True

    def sender(self) -> Sender:
        """Who waits for this connection's answer right now."""
        with contextlib.suppress(Exception):
            return self.relay.senders.find(self.peer)
        return UNKNOWN

    # What is said

    @abstractmethod
    def asked(self, data: bytes) -> None:
        """The client has sent this; empty: it will send nothing more."""

    @abstractmethod
    def answered(self, data: bytes) -> None:
        """The service has sent this; empty: it will send nothing more."""

    @abstractmethod
    def read_on(self) -> None:
        """What was read and not looked at, because something was under way."""

    @abstractmethod
    def ended(self) -> None:
        """The connection is over."""

    # Passing on

    def up(self, data: bytes) -> None:
        """To the service, under the proxy's delay."""
        now = time.monotonic()
        self.reach()
        self._up.send(data, now, self._delay, self._rate)
        self._up.push(self.reach(), now)

    def down(self, data: bytes) -> None:
        """To the client, under the proxy's delay."""
        now = time.monotonic()
        self._down.send(data, now, self._delay, self._rate)
        self._down.push(self.client, now)

    def close_up(self) -> None:
        """The client will send nothing more."""
        if self.server is None:
            raise GoneError
        self._up.finish(time.monotonic(), self._delay)

    def close_down(self) -> None:
        """The service will send nothing more."""
        self._down.finish(time.monotonic(), self._delay)

    def new_delay(self) -> float:
        """Draw the delay of a round trip; half of it goes each way, and is returned."""
        latency = self.relay.latency
        self._delay = latency.sample() / 2 if latency is not None else 0.0
        self._rate = latency.bytes_per_s if latency is not None else None
        return self._delay

    def turn(self, until: float | None = None) -> None:
        """Pass on what is due, and wait for more: once, at most until then. Raises GoneError."""
        now = time.monotonic()
        client, server = self.client, self.server
        self._down.push(client, now)
        if server is not None:
            self._up.push(server, now)
        if client.failed or client.fileno() < 0:
            raise GoneError
        if server is not None and not self.striking and (self._server_done or server.failed) and self._down.empty:
            self._hang_up()
        events = self._poll(now, until)
        if self.lifted:
            client.reset()
            raise GoneError
        if server is not None and not self._server_done and (server.fileno() in events or server.pending):
            data = server.read()
            if data is not None:
                self._server_done = not data
                self.answered(data)
        if not self._client_done and (client.fileno() in events or client.pending) and not self._up.full:
            data = client.read()
            if data is not None:
                self._client_done = not data
                if client.failed:
                    raise GoneError
                self.asked(data)

    def _poll(self, now: float, until: float | None) -> dict[int, int]:
        client, server = self.client, self.server
        poll = select.poll()
        wait = [] if until is None else [max(0.0, until - now)]
        if client.pending or (server is not None and server.pending):
            wait.append(0.0)
        idle = True
        for end, way, read in (
            (client, self._down, not self._client_done and not self._up.full),
            (server, self._up, not self._server_done and not self._down.full),
        ):
            if end is None:
                continue
            due = way.due(now)
            mask = (select.POLLIN if read else 0) | (select.POLLOUT if due == 0.0 else 0)
            if due:
                wait.append(due)
            # Without a wish an end that has left for good would be told of again and again.
            if mask:
                poll.register(end.fileno(), mask)
                idle = False
        if idle and not wait:
            raise GoneError
        if not wait:
            return dict(poll.poll())
        shortest = min(wait)
        if not 0 < shortest < _SHORT_S:
            return dict(poll.poll(int((shortest - _EARLY_S) * 1000) if shortest else 0))
        # poll counts in milliseconds, and a sleeper wakes up late: the last moment is spent looking at the clock.
        time.sleep(max(0.0, now + shortest - _WATCHED_S - time.monotonic()))
        while time.monotonic() < now + shortest:
            pass
        return {}

    def _hang_up(self) -> None:
        """The service is gone, and all it said was passed on: so goes the client, once it has read it."""
        if self.server is not None and self.server.failed:
            self.client.reset()
        else:
            self.linger()
        raise GoneError

    def linger(self) -> None:
        """An orderly end to the client: closed at once, what it has sent and nobody read would make a reset of it."""
        self.client.goodbye()
        until = time.monotonic() + _LAST_WORDS_S
        while not self.lifted and self.client.read() != b"" and (left := until - time.monotonic()) > 0:
            poll = select.poll()
            poll.register(self.client.fileno(), select.POLLIN)
            poll.poll(left * 1000)

    def flush(self) -> None:
        """Until everything on its way has been taken."""
        while not (self._up.empty and self._down.empty):
            self.turn()

    def keep_server(self) -> None:
        """The service's end stays open, and nobody listens to it, until the lift."""
        if self.server is not None:
            self.relay.keep(self.server)
            self.server = None

    def drop_server(self) -> None:
        """The service sees the client leave."""
        if self.server is not None:
            self.server.goodbye()
            self.server.close()
            self.server = None

    def lift(self) -> None:
        """From another thread: what a strike has left ends."""
        if self.struck:
            self.stop()

    def stop(self) -> None:
        """From another thread: it ends."""
        self.lifted = True
        self.wake.lift()
        with contextlib.suppress(OSError):
            self.client.plain.shutdown(socket.SHUT_RD)  # wakes the thread, and the client does not notice
        server = self.server
        if server is not None:
            server.wake()

    def abandon(self) -> None:
        """In a forked child, which has our sockets and not our threads."""
        self.client.close()
        if self.server is not None:
            self.server.close()


def _context(*, verified: bool) -> ssl.SSLContext:
    """For the service's side. On this machine its certificate is not what is tested, and rarely one that is trusted."""
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
