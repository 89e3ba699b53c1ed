"""A port on 127.0.0.1, and the thread that accepts there: of the wire, and of each proxy before another service."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from ..core.errors import ProdparityError
from .sender import OWN_THREADS

_BACKLOG = 512
_CLOSE_S = 5.0


class Listener:
    """`serve` gets each client's socket and port, in the accepting thread, from `accept` to `close`.

    The port stays the same when it is opened again. `name` is the thread's, `called` who cannot listen where it cannot.
    """

    def __init__(
        self, serve: Callable[[socket.socket, int], None], *, name: str, called: str, fix: str, port: int = 0
    ) -> None:
        self.port = port
        """The bound one, after `open`."""
        self._serve = serve
        self._name, self._called, self._fix = name, called, fix
        self._socket: socket.socket | None = None
        self._refusing: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._switching = threading.RLock()
        """Held while the port is opened, closed, or made to refuse."""

    @property
    def is_open(self) -> bool:
        """Is the port ours?"""
        return self._socket is not None or self._refusing is not None

    def open(self) -> None:
        """Bind; who connects waits until `accept`. Raises ProdparityError when the port is taken."""
        with self._switching:
            self._listen()

    def accept(self) -> None:
        """Serve whoever connects."""
        with self._switching:
            self._thread = threading.Thread(target=self._run, args=(self._socket,), name=self._name, daemon=True)
            self._thread.start()

    def refuse(self) -> None:
        """From now on to `welcome`, who connects is refused, as where nothing listens (ECONNREFUSED)."""
        with self._switching:
            if self._socket is None:
                return
            self._stop()
            # A bound socket that does not listen refuses, and keeps the port ours.
            self._refusing = _fresh()
            with contextlib.suppress(OSError):
                self._refusing.bind(("127.0.0.1", self.port))

    def welcome(self) -> None:
        """Whoever connects is served again."""
        with self._switching:
            refusing, self._refusing = self._refusing, None
            if refusing is not None:
                self._listen(refusing)
                self.accept()

    def close(self) -> bool:
        """Free the port; false where it was free."""
        with self._switching:
            was_open = self.is_open
            self._stop()
            if self._refusing is not None:
                self._refusing.close()
                self._refusing = None
        return was_open

    def abandon(self) -> None:
        """In a forked child, which has our sockets and not our thread, and may have a lock that nobody will release."""
        for one in (self._socket, self._refusing):
            if one is not None:
                one.close()
        self._socket = self._refusing = None

    def _listen(self, bound: socket.socket | None = None) -> None:
        """On a socket that is `bound`, nobody gets the port in between."""
        listener = bound or _fresh()
        try:
            if not listener.getsockname()[1]:
                listener.bind(("127.0.0.1", self.port))
            listener.listen(_BACKLOG)
        except OSError as cause:
            listener.close()
            raise ProdparityError(
                f"{self._called} cannot listen on 127.0.0.1:{self.port}: {cause}.", fix=self._fix
            ) from cause
        self.port = listener.getsockname()[1]
        self._socket = listener

    def _stop(self) -> None:
        listener, self._socket = self._socket, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        # Elsewhere than on Linux a shutdown does not wake accept.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_S)
        listener.close()

    def _run(self, listener: socket.socket) -> None:
        OWN_THREADS.add(threading.get_ident())
        while self._socket is listener:
            try:
                client, address = listener.accept()
            except OSError:
                if self._socket is not listener:
                    break
                time.sleep(0.01)  # out of descriptors: some will be closed
                continue
            if self._socket is not listener:
                client.close()
                break
            # `socket.setdefaulttimeout` is the user's, not ours.
            client.settimeout(None)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._serve(client, address[1])
        OWN_THREADS.discard(threading.get_ident())


def _fresh() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(None)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made
