"""The wire: one TCP proxy on loopback, in the test's process, between any driver and one PostgreSQL database."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ProdparityError
from ..core.findings import Source
from . import home
from .connection import Connection, Open
from .delayed import Delay
from .gate import Gate
from .listener import Listener
from .sender import OWN_THREADS, Senders
from .tap import Tap
from .trip import Trip
from .upstream import Upstream

_CLOSE_S = 5.0
_LIFT_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """A client connection that `release` or `move` had to end."""

    connection: int
    why: str
    source: Source | None
    """The line that opened it."""


class Wire:
    """Listens on 127.0.0.1 from `open` to `close`; the server behind it may come later, and may change.

    `upstream` is called once, at the first client connection. When it raises, clients are told so in a FATAL and
    `failure` keeps the exception. Source lines are those of files under `root`.
    """

    def __init__(self, upstream: Callable[[], Upstream] | None, *, root: Path, port: int = 0) -> None:
        self.taps: list[Tap] = []
        """Each is told of every trip. May change while the wire runs."""
        self.gate: Gate | None = None
        """Asked before anything is sent on. May change while the wire runs."""
        self.latency: Delay | None = None
        """How much longer every round trip takes. May change while the wire runs."""
        self.standing: Gate | None = None
        """A second one, for faults that last; a strike sets it, `lift` removes it."""
        self.failure: BaseException | None = None
        """What kept the server from being there, or the first thing that a tap raised."""
        self.lost: list[Lost] = []
        self.generation = 0
        """Counts `move` and `release`."""
        self.looking = False
        """A connection looks for its answer without sleeping."""
        self._ask = upstream
        self._upstream: Upstream | None = None
        self._refusal: ProdparityError | None = None
        self._root = root
        self._listener = Listener(
            self._serve,
            name="prodparity wire",
            called="The wire",
            fix="end the program that uses this port, or let the wire choose one",
            port=port,
        )
        self._connections: dict[int, Connection] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._numbers = itertools.count(1)
        self._kept: list[home.Home] = []
        self._lock = threading.Lock()
        self._resolving = threading.Lock()

    def __enter__(self) -> Wire:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Bind and accept. Raises ProdparityError when the port is taken."""
        self._listener.open()
        self.senders = Senders(self._root, self.port)
        self._listener.accept()
        _OPEN.add(self)

    @property
    def port(self) -> int:
        """The bound one, after `open`."""
        return self._listener.port

    def close(self) -> None:
        """End every connection and thread, and free the port."""
        if not self._listener.close():
            return
        _OPEN.discard(self)
        deadline = time.monotonic() + _CLOSE_S
        for connection in self._open_ones():
            connection.hang_up()
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.lift()
        self.senders.close()

    @property
    def connections(self) -> tuple[Open, ...]:
        """The open client connections."""
        return tuple(connection.describe() for connection in self._open_ones())

    def hang_up(self, which: Callable[[Open], bool]) -> None:
        """End some of the client connections."""
        for connection in self._open_ones():
            if which(connection.describe()):
                connection.hang_up()

    def settle(self, deadline: float) -> bool:
        """Wait until no trip is under way, at most until `deadline` (`time.monotonic()`); returns whether that came.

        A client whose call has returned has its trip on record already; this is for those that do not wait.
        """
        while any(connection.in_flight for connection in self._open_ones()):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.0005)
        return True

    def refuse(self) -> None:
        """From now on to `lift`, who connects is refused, as where nothing listens (ECONNREFUSED)."""
        self._listener.refuse()

    def lift(self, within: float = _LIFT_S, *, standing: bool = False) -> bool:
        """The end of all faults: no gate, nothing held, no session without its client.

        With `standing` what a fault has made of the server stays, such as a standby of the sessions that it had.

        A connection that a strike still has in its hands is ended; one that a strike is done with stays.
        Returns whether all that came within so many seconds.
        """
        self.gate = None
        if not standing:
            self.standing = None
        for connection in self._open_ones():
            if not standing and connection.keeper.cure and connection.describe().state in ("T", "E"):
                connection.hang_up()  # its transaction can only read
        done = self._end_strikes(time.monotonic() + within)
        self._listener.welcome()  # last: a strike may just have shut the port
        return done

    def _end_strikes(self, deadline: float) -> bool:
        while True:
            struck = [connection for connection in self._open_ones() if connection.struck]
            for connection in struck:
                connection.wake.lift()
            with self._lock:
                kept, self._kept = self._kept, []
            for one in kept:
                home.end(one)
            if not struck and not kept:
                return True
            if time.monotonic() >= deadline:
                for connection in struck:
                    connection.hang_up()
                return False
            time.sleep(0.0005)

    def keep(self, session: home.Home) -> None:
        """A session that lives on without its client, until `lift`."""
        with self._lock:
            self._kept.append(session)

    def release(self) -> None:
        """Leave the server and keep the clients, so that the database can be dropped.

        A connection in a transaction, or in the middle of a trip, loses it: it is ended with a FATAL (57P01) and noted
        in `lost`. Until the next `move`, whoever sends something is told that there is no database.
        """
        with self._resolving:
            self.generation += 1
            self._ask = None
            self._upstream = None
            self._refusal = None
        for connection in self._open_ones():
            why = connection.release()
            if why is not None:
                self.lost.append(Lost(connection=connection.number, why=why, source=connection.opener.source))

    def move(self, upstream: Upstream | Callable[[], Upstream]) -> None:
        """Lead to another database, or to one that is made when a client first asks for it.

        Clients that are connected and idle follow at their next message. They keep their settings (SET), LISTENs and
        prepared statements; the wire logs them in as `upstream.user`.
        """
        self.release()
        with self._resolving:
            self.generation += 1
            self._refusal = None  # of somebody who asked between the two
            if callable(upstream):
                self._ask = upstream
            else:
                self._upstream = upstream

    # For connections

    def resolve(self) -> tuple[int, Upstream]:
        """The generation and where it leads. Raises ProdparityError."""
        with self._resolving:
            if self._upstream is None:
                if self._refusal is None:
                    self._resolve()
                if self._refusal is not None:
                    raise self._refusal
            assert self._upstream is not None
            return self.generation, self._upstream

    def _resolve(self) -> None:
        if self._ask is None:
            self._refusal = ProdparityError(
                "there is no database here now: it is there from a test's set-up to its end",
                fix="use the connection within a test that uses parity_db",
            )
            return
        try:
            self._upstream = self._ask()
        except ProdparityError as error:
            self.failure = self._refusal = error
        except Exception as error:  # noqa: BLE001  # the client, which waits, has to be told in any case
            self.failure = error
            self._refusal = ProdparityError(f"the database could not be made: {type(error).__name__}: {error}")

    def deliver(self, trip: Trip) -> None:
        """Tell the taps."""
        for tap in tuple(self.taps):
            try:
                tap.trip(trip)
            except Exception as error:  # noqa: BLE001  # an observer must not break what it observes
                self.failure = self.failure or error

    def cancel(self, key: bytes) -> None:
        """Pass a CancelRequest on to the backend that now serves the client with this key."""
        for connection in self._open_ones():
            at = connection.backend() if connection.key == key else None
            if at is not None:
                connection.wake.cancel()
                home.cancel(at)

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        with self._lock:
            self._connections.pop(connection.number, None)
            self._threads.pop(connection.number, None)

    def _open_ones(self) -> list[Connection]:
        with self._lock:
            return list(self._connections.values())

    def _serve(self, client: socket.socket, port: int) -> None:
        number = next(self._numbers)
        connection = Connection(self, number, client, port)
        thread = threading.Thread(target=connection.run, name=f"prodparity wire {number}", daemon=True)
        with self._lock:
            self._connections[number] = connection
            self._threads[number] = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads
            self.forget(connection)
            client.close()

    def _abandon(self) -> None:
        """In a forked child, which has our sockets and not our threads."""
        self._listener.abandon()
        for connection in list(self._connections.values()):
            connection.abandon()
        self._connections.clear()
        self._threads.clear()
        self.senders.close()


_OPEN: weakref.WeakSet[Wire] = weakref.WeakSet()


def _after_fork() -> None:
    OWN_THREADS.clear()
    for wire in list(_OPEN):
        wire._abandon()  # noqa: SLF001
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
