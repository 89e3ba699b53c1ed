"""A proxy on 127.0.0.1 before one service: it observes, delays and lets a gate break what passes."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import ssl
import threading
import time
import weakref
from collections import deque
from pathlib import Path

from ..core.errors import ProdparityError
from ..wire.delayed import Delay
from ..wire.gate import Gate
from ..wire.sender import OWN_THREADS, Senders
from .address import Address
from .certificates import Certificates
from .end import End
from .http import Http
from .link import Link
from .tcp import Tcp
from .trip import ServiceTap, ServiceTrip

_BACKLOG = 512
_CLOSE_S = 5.0
_REMEMBERED = 10_000


class Relay:
    """Listens from `open` to `close`. The service is reached when a client first needs it.

    Source lines are those of files under `root`. `tls` (`trusted` or `expired`) puts TLS on the client's side also
    where the service has none.
    """

    def __init__(self, address: Address, *, root: Path, certificates: Certificates, tls: str | None = None) -> None:
        self.address = address
        self.port = 0
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
        self._listener: socket.socket | None = None
        self._refusing: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._links: dict[int, Link] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._kept: list[End] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._switching = threading.RLock()
        """Held while the port is opened, closed, or made to refuse."""

    def __enter__(self) -> Relay:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
        with self._switching:
            self._listen()
        self.senders = Senders(self._root, self.port)
        _OPEN.add(self)

    def _listen(self) -> None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.settimeout(None)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self.port))
            listener.listen(_BACKLOG)
        except OSError as cause:
            listener.close()
            raise ProdparityError(
                f"The proxy for {self.address.where} cannot listen on 127.0.0.1:{self.port}: {cause}.",
                fix="end the program that uses this port",
            ) from cause
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._accepting = threading.Thread(
            target=self._accept, args=(listener,), name=f"prodparity proxy {self.port}", daemon=True
        )
        self._accepting.start()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        # Elsewhere than on Linux a shutdown does not wake accept.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass
        if self._accepting is not None:
            self._accepting.join(_CLOSE_S)
        listener.close()

    def refuse(self) -> None:
        """From now on to `lift`, who connects is refused, as where nothing listens (ECONNREFUSED)."""
        with self._switching:
            if self._listener is None:
                return
            self._stop_listening()
            # A bound socket that does not listen refuses, and keeps the port ours.
            self._refusing = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._refusing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                self._refusing.bind(("127.0.0.1", self.port))

    def lift(self) -> None:
        """The end of all faults: what they hold ends, what they keep is closed, and whoever connects is welcome."""
        with self._switching:
            refusing, self._refusing = self._refusing, None
            if refusing is not None:
                refusing.close()
                self._listen()
        with self._lock:
            links = [link for link in self._links.values() if link.struck]
            threads = [self._threads[link.number] for link in links]
        for link in links:
            link.lift()
        self._join(threads)
        self._close_kept()

    def close(self) -> None:
        """End every connection and thread, and free the port."""
        with self._switching:
            if self._listener is None and self._refusing is None:
                return
            _OPEN.discard(self)
            self._stop_listening()
            if self._refusing is not None:
                self._refusing.close()
                self._refusing = None
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

    def _accept(self, listener: socket.socket) -> None:
        OWN_THREADS.add(threading.get_ident())
        while self._listener is listener:
            try:
                client, address = listener.accept()
            except OSError:
                if self._listener is not listener:
                    break
                time.sleep(0.01)  # out of descriptors: some will be closed
                continue
            if self._listener is not listener:
                client.close()
                break
            # `socket.setdefaulttimeout` is the user's, not ours.
            client.settimeout(None)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._serve(client, address[1])
        OWN_THREADS.discard(threading.get_ident())

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
        for one in (self._listener, self._refusing):
            if one is not None:
                one.close()
        self._listener = self._refusing = None
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
