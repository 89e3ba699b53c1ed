"""What can be done to one connection at the moment of a strike, whatever its protocol."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from .deadline import network_deadline
from .gate import Asking, Gate, Opening

_RESET = struct.pack("ii", 1, 0)


class GoneError(ConnectionResetError):
    """The client or the server left in the middle of a strike, or somebody ended the connection: it is over."""


class UnfitError(Exception):
    """This connection's protocol, or its state, knows no such thing; `fits` of a kind says so before."""


class Wake:
    """Wakes a strike that waits. One a connection; it may be called from any thread, before or after."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self.lifted = 0
        """How often all faults were lifted."""
        self.cancelled = 0
        """How often the client asked to cancel what it waits for."""

    def lift(self) -> None:
        """All faults end."""
        with self._lock:
            self.lifted += 1
            self._ring()

    def cancel(self) -> None:
        """The client gives up what it waits for."""
        with self._lock:
            self.cancelled += 1
            self._ring()

    def _ring(self) -> None:
        if self._pair is not None:
            self._pair[1].send(b"!")

    @contextlib.contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """Can be read at each call from now on."""
        near, far = socket.socketpair()
        with self._lock:
            self._pair = near, far
        try:
            yield near
        finally:
            with self._lock:
                self._pair = None
            near.close()
            far.close()


class Line(ABC):
    """One connection at the moment of a strike: `asking` says which, and what is asked.

    Methods raise GoneError when the client or the server has left; a strike lets that pass.
    """

    def __init__(self, asking: Asking | Opening, client: socket.socket, wake: Wake, *, descriptor: int = -1) -> None:
        self.asking = asking
        self.client = client
        self.forwarded = False
        self.answered = False
        self.over = False
        """The client's end is gone."""
        self.request_size = 0
        """Bytes of the request that are not sent on yet."""
        self._wake = wake
        self._lifted, self._cancelled = wake.lifted, wake.cancelled
        self._descriptor = descriptor

    @property
    def lifted(self) -> bool:
        """All faults have ended since this strike began."""
        return self._wake.lifted != self._lifted

    @property
    def cancelled(self) -> bool:
        """The client has asked to cancel what it waits for."""
        return self._wake.cancelled != self._cancelled

    # What each protocol says for itself

    @abstractmethod
    def forward(self) -> None:
        """Send the request on. A second time it does nothing."""

    @abstractmethod
    def answer(self) -> Iterator[bytes]:
        """The server's answer, as it comes, not delivered."""

    @abstractmethod
    def drop_server(self) -> None:
        """End the server's side, and wait until it is gone: its transaction is rolled back, its locks are free."""

    @abstractmethod
    def keep_server(self) -> None:
        """Half-open: the server does not hear of the client's end. Its session stays, with its locks, until `lift`."""

    def fail(
        self,
        sqlstate: str,
        message: str,
        *,
        severity: str = "ERROR",
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Answer with this error in place of the server, and leave the server as such an error does."""
        raise UnfitError(
            f"{self.asking.protocol} has no errors with an SQLSTATE: {severity} {sqlstate} {message} {detail or hint or ''}"
        )

    def say(self, statement: str) -> str | None:
        """A statement of our own on the server's side, which the client never hears of; its first value, if any."""
        raise UnfitError(f"{self.asking.protocol} has no statements: {statement}")

    def terminate(self) -> None:
        """End the server's session as its administrator does; the client gets the server's own last words."""
        raise UnfitError(f"{self.asking.protocol} has no sessions to terminate")

    def terminate_others(self, which: Callable[[str], bool]) -> None:
        """The same, to all other sessions of this proxy whose transaction state is one of `which`."""
        raise UnfitError(f"{self.asking.protocol} has no sessions to terminate, whatever {which}")

    def stand(self, gate: Gate) -> None:
        """Ask this gate besides, from now on and about every connection, until all faults are lifted."""
        raise UnfitError(f"{self.asking.protocol} has no such gate as {gate}")

    def shut_port(self) -> None:
        """From now on nobody listens, until all faults are lifted: who connects gets ECONNREFUSED."""
        raise UnfitError(f"{self.asking.protocol} has no port of its own")

    def read_only(self) -> None:
        """Every transaction that this session begins from now on can only read, until all faults are lifted."""
        raise UnfitError(f"{self.asking.protocol} has no transactions")

    @property
    def clients(self) -> int:
        """How many other clients have a connection."""
        raise UnfitError(f"{self.asking.protocol} has no connections to count")

    @property
    def statement_timeout(self) -> float | None:
        """After how many seconds the server itself ends a statement; None if it does not."""
        return None

    # What they share

    def reply(self) -> bytes:
        """The server's whole answer, not delivered."""
        return b"".join(self.answer())

    def deliver(self, data: bytes) -> None:
        """Send this to the client, as its answer or a part of it."""
        self.answered = True
        view = memoryview(data)
        while view:
            try:
                view = view[self.client.send(view, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                self._until_writable()
            except OSError as cause:
                self.over = True
                raise GoneError(*cause.args) from cause

    def _until_writable(self) -> None:
        poll = select.poll()
        poll.register(self.client, select.POLLOUT)
        with self._wake.listening() as bell:
            poll.register(bell, select.POLLIN)
            if self.lifted or (bell.fileno() in dict(poll.poll()) and self.lifted):
                raise GoneError("lifted while the client did not read")

    def reset(self) -> None:
        """Tear the client's end down: its next call gets ECONNRESET."""
        self.over = True
        with contextlib.suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # Only the last descriptor's close sends the RST, so this must be the one.
        self.client.close()

    def hang_up(self) -> None:
        """End the client's side in order: it reads to the end of what was delivered, then an end of file."""
        self.over = True
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_WR)

    def hold(self, seconds: float | None, *, cancellable: bool = False) -> bool:
        """Wait; True when the time is over, False when it was lifted (or cancelled, if it may be) before.

        Raises GoneError when the client leaves, and when the deadline of its own network is over, if it has set one
        (TCP_USER_TIMEOUT, keepalive) and is in this process: it is reset then, as its kernel would have done.
        """
        until = None if seconds is None else time.monotonic() + seconds
        network = network_deadline(self._descriptor, sent=not self.forwarded) if seconds is None else None
        if network is not None:
            until = time.monotonic() + network.seconds
        over = self._wait(until, cancellable)
        if over and network is not None:
            self.reset()
            raise GoneError(f"{network.setting} of {network.seconds} s is over")
        return over

    def _wait(self, until: float | None, cancellable: bool) -> bool:
        """Whether the time came."""
        poll = select.poll()
        # A client that sends more has not left; one that hangs up in order sends an end of file.
        poll.register(self.client, getattr(select, "POLLRDHUP", select.POLLIN))
        with self._wake.listening() as bell:
            poll.register(bell, select.POLLIN)
            while not self.lifted and not (cancellable and self.cancelled):
                rest = None if until is None else until - time.monotonic()
                if rest is not None and rest <= 0:
                    return True
                ready = dict(poll.poll(None if rest is None else math.ceil(rest * 1000)))
                if bell.fileno() in ready:
                    bell.recv(1)
                if self._left(ready.get(self.client.fileno(), 0)):
                    self.over = True
                    raise GoneError("the client has left")
        return False

    def _left(self, events: int) -> bool:
        if events & ~select.POLLIN or not events:
            return bool(events)
        try:
            if self.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                time.sleep(0.01)  # it has sent more, and elsewhere than on Linux poll tells no end beside it
                return False
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True
