"""One client's connection through the wire: a thread that passes bytes on, both ways, and reads along."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import ProdparityError
from ..core.findings import Source
from . import home, postgres
from .delayed import Delayed
from .greeting import Greeting
from .keeper import Keeper
from .line import Wake
from .pump import Pump
from .sender import OWN_THREADS, UNKNOWN, Peer
from .session import Session
from .trip import Trip
from .way import Way, want

if TYPE_CHECKING:
    from .proxy import Wire

_LOGIN_S = 2.0
"""How long `release` waits for a login under way."""
_LOOK_S = 0.0002
"""How long an answer is looked for before the thread sleeps: a woken thread costs 30 to 60 us on a virtual machine."""
_SLOW = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """A connection as it stands."""

    number: int
    state: str
    """Transaction state: `I` idle, `T` in a transaction, `E` in a failed one, empty while it logs in."""
    busy: bool
    """A trip is under way."""
    actor: str
    source: Source | None
    """The line that opened it."""
    stack: tuple[str, ...]
    database: str
    user: str
    application_name: str
    backend: int
    since: float
    """`time.monotonic()` at which it was opened."""


class Connection:
    """`run` is a thread's: it logs the client in, and then passes bytes on."""

    def __init__(self, wire: Wire, number: int, client: socket.socket, port: int) -> None:
        self.number = number
        self.peer = Peer(port)
        self.opener = UNKNOWN
        self.since = time.monotonic()
        self.client = client
        self.session: Session | None = None
        self.key = b""
        """The client's idea of its backend: process id and secret, as a CancelRequest sends them."""
        self.wire = wire
        self.home: home.Home | None = None
        """None once it was released."""
        self.homes: list[home.Home] = []
        """All that are not closed yet, which the thread that passes bytes on does once it has left them."""
        self.asked: dict[str, str] = {}
        self.options: list[str] = []
        """What is added to the start-up packet's."""
        self.protocol = 0
        self.generation = 0
        self.lock = threading.Lock()
        """Held while a chunk is read, and while the server changes."""
        self.up, self.down = Way(), Way()
        self._slow = 0
        """For how many trips to come nobody looks for the answer."""
        self.logged_in = threading.Event()
        """Or refused."""
        self.ending = False
        self.wake = Wake()
        self.struck = False
        """A strike has it in its hands, or has ended it."""
        self.keeper = Keeper(self)
        self.pump = Pump(self)
        self.delayed: Delayed | None = None
        self._over = False
        """Every trip has been delivered."""

    def __repr__(self) -> str:
        return f"Connection({self.number})"

    # What others ask

    def describe(self) -> Open:
        """A snapshot."""
        session = self.session
        parameters = session.parameters if session else self.asked
        return Open(
            number=self.number,
            state=session.state if session else "",
            busy=bool(session and session.trips),
            actor=self.opener.actor,
            source=self.opener.source,
            stack=self.opener.stack,
            database=session.database if session else "",
            user=self.asked.get("user", ""),
            application_name=parameters.get("application_name", ""),
            backend=session.backend if session else 0,
            since=self.since,
        )

    @property
    def in_flight(self) -> bool:
        """A trip is under way, or the client has sent what has not been read yet."""
        session = self.session
        if session is None:
            return False
        if session.trips or self.ending:
            return not self._over
        try:
            return bool(self.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False

    def backend(self) -> home.Home | None:
        """The server's side, for a CancelRequest."""
        return self.home

    # The client's side

    def run(self) -> None:
        """Serve the client until it or the server leaves."""
        OWN_THREADS.add(threading.get_ident())
        try:
            if Greeting(self).greet():
                self._relay()
        except (OSError, postgres.GarbledError):
            pass  # either side has left, in the middle of something
        finally:
            self._end()
            OWN_THREADS.discard(threading.get_ident())

    def refuse(self, happened: str, sqlstate: str, hint: str | None = None) -> None:
        with contextlib.suppress(OSError):
            self.client.sendall(postgres.fatal(f"prodparity's wire: {happened}", sqlstate, hint))

    def tell(self, error: ProdparityError) -> None:
        sqlstate = error.sqlstate if isinstance(error, home.RefusedError) else "08001"
        happened = error.happened if error.tried is None else f"{error.happened}\n{error.tried}"
        self.refuse(happened, sqlstate, error.fix)

    def _relay(self) -> None:
        """Pass bytes on, both ways, until either side leaves. No side is waited for while it does not read."""
        client, up, down = self.client, self.up, self.down
        poll = select.poll()
        wanted: dict[int, int] = {}
        at: home.Home | None = None
        try:
            while True:
                if self.wire.latency is not None:
                    self.delayed = self.delayed or Delayed(self)
                    if not self.delayed.run():
                        return
                    poll, wanted, at = select.poll(), {}, None
                if self.home is not at:
                    if at is not None:
                        want(poll, wanted, at.server, 0)
                    at = self.home
                    self._leave(at)
                if at is not None and at.rest:
                    self.take(at, down.holds(at.rest))
                    at.rest = b""
                want(poll, wanted, client, (0 if up.rest else select.POLLIN) | (select.POLLOUT if down.rest else 0))
                if at is not None:
                    mask = (0 if down.rest else select.POLLIN) | (select.POLLOUT if up.rest else 0)
                    want(poll, wanted, at.server, mask)
                ready = dict(poll.poll())
                # The server first: what it says before it leaves is still the client's.
                if at is not None and at.server.fileno() in ready:
                    if up.rest:
                        up.send(at.server)
                    if not down.rest and not self.take(at, down.read(at.server)):
                        return
                if client.fileno() in ready:
                    if down.rest:
                        down.send(client)
                    if not up.rest and not self._ask():
                        return
        finally:
            self._leave(None)

    def _leave(self, kept: home.Home | None) -> None:
        for one in self.homes:
            if one is not kept:
                _hang_up(one.server)
                one.server.close()
        self.homes = [one for one in self.homes if one is kept]

    def _ask(self) -> bool:
        """Client to server; False when the client has left."""
        if self.wire.latency is not None:
            return True  # since a moment ago: this goes the other way
        size = self.up.read(self.client)
        if not size:
            self.keeper.leave()
        return size < 0 if size <= 0 else self.pass_on(size)

    def pass_on(self, size: int) -> bool:
        """To the server, what has been read of the client; False when the connection is over."""
        lock, session, up = self.lock, self.session, self.up
        assert session is not None
        wire, keeper = self.wire, self.keeper
        if wire.gate is not None or wire.standing is not None or keeper.held or keeper.cure:
            return keeper.ask(size)
        now = time.monotonic()
        while True:
            if self.home is None:
                self.go_home(session)
                now = time.monotonic()  # to make the database is no part of the trip
            with lock:
                at = self.home
                if at is None:
                    continue  # released meanwhile
                # The server begins while we read along.
                up.send(at.server, size)
                closed = session.client(up.data(size), size, now)
                if closed:
                    session.sent(closed, wire.senders.find(self.peer) if wire.asks_who else UNKNOWN)
            return self.look(at, session) if closed and not up.rest else True

    def look(self, at: home.Home, session: Session) -> bool:
        """Look for the answer for a moment without sleeping, since waking up takes longer than most answers.

        One connection at a time does, and it stops for a while when the answers are slow; False when the server has left.
        """
        wire, down = self.wire, self.down
        if self._slow:
            self._slow -= 1
            return True
        if wire.looking or at.rest:
            return True
        wire.looking = True
        try:
            until = time.perf_counter() + _LOOK_S
            while session.trips and not down.rest and self.home is at:
                size = down.read(at.server)
                if size >= 0 and not self.take(at, size):
                    return False
                if time.perf_counter() > until:
                    self._slow = _SLOW if size < 0 else 0
                    break
        finally:
            wire.looking = False
        return True

    def take(self, at: home.Home, size: int) -> bool:
        """Server to client: `size` bytes that have come, 0 at the end, below 0 if there are none yet."""
        if size <= 0:
            return size < 0 or self.home is not at
        session, down = self.session, self.down
        assert session is not None
        now = time.monotonic()
        with self.lock:
            if self.home is not at:
                return True  # the last words of a server that we have left
            done = session.server(down.data(size), size, now)
        # Delivered first: when the client's call returns, its trip is on record.
        for trip in done:
            self.wire.deliver(trip)
        if self.delayed is not None and self.delayed.active:
            self.delayed.put(bytes(down.data(size)[:size]))
        else:
            down.send(self.client, size)
        return True

    def arrive(self) -> home.Home | None:
        """The server's side as it is now, and nothing left of one that was before."""
        at = self.home
        if any(one is not at for one in self.homes):
            self._leave(at)
        if at is not None and at.rest and not self.down.rest:
            self.take(at, self.down.holds(at.rest))
            at.rest = b""
        return at

    def part(self) -> home.Home | None:
        """Give the server's side away."""
        with self.lock:
            at, self.home = self.home, None
            self.homes = [one for one in self.homes if one is not at]
        return at

    # Moving

    def release(self) -> str | None:
        """Leave the server and keep the client; returns why the client could not be kept, None where it was."""
        if self.home is not None:
            self.logged_in.wait(_LOGIN_S)
        with self.lock:
            at, session = self.home, self.session
            if session is None:
                if at is not None:  # somebody is still typing a password, for the wrong database
                    _hang_up(self.client)
                    _hang_up(at.server)
                return None
            if at is None:
                return None
            why = None
            if not session.idle:
                why = "a trip was under way" if session.trips else "it was in a transaction"
                self.refuse(
                    f"the test's database is gone, and {why} on this connection",
                    "57P01",
                    "finish the transaction before the test ends",
                )
                _hang_up(self.client)
            self.home = None
            _hang_up(at.server)
        return why

    def go_home(self, session: Session) -> None:
        """Take a session on the new server, in the place of the one that was released."""
        if self.ending:
            raise ConnectionResetError
        generation = -1
        try:
            generation, upstream = self.wire.resolve()
            found = home.move_in(upstream, self.asked, self.protocol, session.memory)
        except ProdparityError as error:
            if generation in (-1, self.wire.generation):
                self.tell(error)
                raise ConnectionResetError from error
            return  # moved again meanwhile
        with self.lock:
            if self.ending or self.wire.generation != generation:
                found.server.close()
                return
            changed = {key: value for key, value in found.parameters.items() if session.parameters.get(key) != value}
            session.rehomed(found.upstream.database, found.pid, changed)
            if self.delayed is not None:
                self.delayed.flush()
            if self.down.rest:
                self.client.sendall(self.down.rest)
                self.down.rest = None
            self.client.sendall(b"".join(_status(key, value) for key, value in changed.items()))
            self.home = found
            self.homes.append(found)

    # The end

    def hang_up(self) -> None:
        """End the connection from another thread; `run` cleans up."""
        self.ending = True
        _hang_up(self.client)
        at = self.home
        if at is not None:
            _hang_up(at.server)

    def _end(self) -> None:
        with self.lock:
            self.ending = True
            at, self.home = self.home, None
        # Both ends first: a half-open session would keep its locks.
        _hang_up(self.client)
        if at is not None:
            _hang_up(at.server)
        broken: list[Trip] = self.session.broken(time.monotonic()) if self.session is not None else []
        for trip in broken:
            self.wire.deliver(trip)
        self._over = True
        self.client.close()
        if at is not None:
            at.server.close()
        self.wire.forget(self)

    def abandon(self) -> None:
        """In a forked child: close our copies, and leave the parent's connection as it is."""
        self.client.close()
        if self.home is not None:
            self.home.server.close()


def _status(key: str, value: str) -> bytes:
    return postgres.message(b"S", f"{key}\0{value}\0".encode())


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
