"""What can be done to one connection at the moment of a strike, whatever its protocol."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

from .deadline import Deadline, network_deadline
from .gate import Asking, Opening

_RESET = struct.pack("ii", 1, 0)


class GoneError(ConnectionResetError):
    """The client or the server left in the middle of a strike, or somebody ended the connection: it is over."""


class UnfitError(Exception):
    """This connection's protocol, or its state, knows no such thing; `fits` of a kind says so before."""


class Wake:
    """Wakes a strike that waits. One a connection; `lift` may come from any thread, before or after."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._times = 0

    @property
    def times(self) -> int:
        """How often it was called."""
        return self._times

    def __call__(self) -> None:
        with self._lock:
            self._times += 1
            if self._pair is not None:
                self._pair[1].send(b"!")

    @contextlib.contextmanager
    def listening(self, since: int) -> Iterator[int]:
        """A descriptor that can be read once it was called more often than `since`."""
        near, far = socket.socketpair()
        with self._lock:
            self._pair = near, far
            if self._times != since:
                far.send(b"!")
        try:
            yield near.fileno()
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
        self._wake = wake
        self._since = wake.times
        self._descriptor = descriptor

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
        with self._wake.listening(self._since) as lifted:
            poll.register(lifted, select.POLLIN)
            if any(number == lifted for number, _ in poll.poll()):
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

    def hold(self, seconds: float | None) -> bool:
        """Wait; False when it was lifted before the time was over, or raises GoneError when the client leaves.

        Without a time it waits as long as the client's own network would: TCP_USER_TIMEOUT or keepalive, if it set
        them and is in this process. Then it is reset, as its kernel would have done, and GoneError raised.
        """
        network = network_deadline(self._descriptor, sent=not self.forwarded)
        until = None if seconds is None else time.monotonic() + seconds
        if network is not None:
            network_until = time.monotonic() + network.seconds
            if until is None or network_until < until:
                if self._wait(network_until):
                    self._time_out(network)
                return False
        return self._wait(until)

    def _time_out(self, network: Deadline) -> None:
        self.reset()
        raise GoneError(f"{network.setting} of {network.seconds} s is over")

    def _wait(self, until: float | None) -> bool:
        """Whether the time came."""
        poll = select.poll()
        # A client that sends more has not left; one that hangs up in order sends an end of file.
        left = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
        poll.register(self.client, left if left & ~(select.POLLHUP | select.POLLERR) else select.POLLIN)
        with self._wake.listening(self._since) as lifted:
            poll.register(lifted, select.POLLIN)
            while True:
                rest = None if until is None else until - time.monotonic()
                if rest is not None and rest <= 0:
                    return True
                ready = dict(poll.poll(None if rest is None else rest * 1000))
                if lifted in ready:
                    return False
                if ready and self._left(ready.get(self.client.fileno(), 0)):
                    self.over = True
                    raise GoneError("the client has left")

    def _left(self, events: int) -> bool:
        if events & ~select.POLLIN:
            return True
        try:
            if self.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                time.sleep(0.01)  # it has sent more, and elsewhere than on Linux poll tells no end beside it
                return False
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True
