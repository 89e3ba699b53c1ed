"""A proxy on 127.0.0.1 before one service: it observes, delays and lets a gate break what passes."""

from __future__ import annotations

import itertools
import os
import socket
import ssl
import threading
import time
import weakref
from collections import deque
from pathlib import Path

from ..wire.delayed import Delay
from ..wire.gate import Gate
from ..wire.listener import Listener
from ..wire.sender import Senders
from .address import Address
from .certificates import Certificates
from .end import End
from .http import Http
from .link import Link
from .tcp import Tcp
from .trip import ServiceTap, ServiceTrip

_CLOSE_S = 5.0
_REMEMBERED = 10_000


class Relay:
    """Listens from `open` to `close`. The service is reached when a client first needs it.

    Source lines are those of files under `root`. `tls` (`trusted` or `expired`) puts TLS on the client's side also
    where the service has none.
    """

    def __init__(self, address: Address, *, root: Path, certificates: Certificates, tls: str | None = None) -> None:
        self.address = address
        self.gate: Gate | None = None
        self.latency: Delay | None = None
        """What a round trip takes longer now."""
        self.own_latency: Delay | None = None
        """Where nothing else is asked for."""
        self.taps: list[ServiceTap] = []
        self.trips: deque[ServiceTrip] = deque(maxlen=_REMEMBERED)
        """The last ones."""
        self.failure: BaseException | None = None
        """The first thing that a tap or a gate raised."""
        self.unanswered: str | None = None
        """Why the service could not be reached, when it last could not."""
        self.secure = tls is not None or address.tls
        """Does the client's side speak TLS?"""
        self._expired = tls == "expired"
        self._certificates = certificates
        self._root = root
        self._listener = Listener(
            self._serve,
            name="prodparity proxy",
            called=f"The proxy for {address.where}",
            fix="end the program that uses this port",
        )
        self._links: dict[int, Link] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._kept: list[End] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def __enter__(self) -> Relay:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The bound one, after `open`."""
        return self._listener.port

    @property
    def url(self) -> str:
        """The service's URL, through the proxy."""
        through = self.address.through(self.port)
        if self.secure and not self.address.tls:
            return "https" + through[through.index("://") :]
        return through

    @property
    def ca(self) -> Path:
        """The certificate of the authority that a client has to trust."""
        return self._certificates.file

    @property
    def host(self) -> str | None:
        """What `Host` has to say: a service elsewhere may be found by its name; one here gets what the client says."""
        where = self.address
        if where.socket or where.host in ("localhost", "127.0.0.1", "::1"):
            return None
        return where.host if where.port in (80, 443) else where.where

    def context(self, *, expired: bool) -> ssl.SSLContext:
        """The client's side's TLS."""
        return self._certificates.context(expired=expired or self._expired)

    # From open to close

    def open(self) -> None:
        """Bind and accept. Raises ProdparityError: no port, or no trustme where TLS needs it."""
        if self.secure:
            self.context(expired=False)
        self._listener.open()
        self.senders = Senders(self._root, self.port)
        self._listener.accept()
        _OPEN.add(self)

    def refuse(self) -> None:
        """From now on to `lift`, who connects is refused, as where nothing listens (ECONNREFUSED)."""
        self._listener.refuse()

    def lift(self) -> None:
        """The end of all faults: what they hold ends, what they keep is closed, and whoever connects is welcome."""
        with self._lock:
            links = [link for link in self._links.values() if link.struck]
            threads = [self._threads[link.number] for link in links]
        for link in links:
            link.lift()
        self._join(threads)
        self._close_kept()
        self._listener.welcome()  # last: a strike may just have shut the port

    def close(self) -> None:
        """End every connection and thread, and free the port."""
        if not self._listener.close():
            return
        _OPEN.discard(self)
        with self._lock:
            links, threads = list(self._links.values()), list(self._threads.values())
        for link in links:
            link.stop()
        self._join(threads)
        self._close_kept()
        self.senders.close()

    def settle(self, deadline: float) -> bool:
        """Wait until no exchange is under way, at most until then (`time.monotonic()`); whether that came."""
        while True:
            with self._lock:
                links = list(self._links.values())
            if not any(link.in_flight for link in links):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.0005)

    def _join(self, threads: list[threading.Thread]) -> None:
        deadline = time.monotonic() + _CLOSE_S
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _close_kept(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, []
        for end in kept:
            end.reset()

    # For its connections

    def keep(self, end: End) -> None:
        """A service's end that nobody listens to."""
        with self._lock:
            self._kept.append(end)

    def deliver(self, trip: ServiceTrip) -> None:
        """Remember it, and tell the taps."""
        self.trips.append(trip)
        for tap in tuple(self.taps):
            try:
                tap.trip(trip)
            except Exception as error:  # noqa: BLE001  # an observer must not break what it observes
                self.failure = self.failure or error

    def note_unanswered(self, cause: OSError) -> None:
        """The service was not there."""
        self.unanswered = str(cause)

    def forget(self, link: Link) -> None:
        """The connection has ended."""
        with self._lock:
            self._links.pop(link.number, None)
            self._threads.pop(link.number, None)

    def _serve(self, client: socket.socket, port: int) -> None:
        number = next(self._numbers)
        link = (Http if self.address.http or self.secure else Tcp)(self, number, client, port)
        thread = threading.Thread(target=link.run, name=f"prodparity proxy {self.port}/{number}", daemon=True)
        with self._lock:
            self._links[number] = link
            self._threads[number] = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads
            self.forget(link)
            client.close()

    def abandon(self) -> None:
        """In a forked child, which has our sockets and not our threads."""
        self._listener.abandon()
        for link in list(self._links.values()):
            link.abandon()
        for end in self._kept:
            end.close()
        self._links.clear()
        self._threads.clear()
        self.senders.close()


_OPEN: weakref.WeakSet[Relay] = weakref.WeakSet()


def _after_fork() -> None:
    for relay in list(_OPEN):
        relay.abandon()
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
