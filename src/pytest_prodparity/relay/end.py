"""One end of a connection, plain or under TLS: read and written without ever waiting."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct

_CHUNK = 1 << 16
_NOW = struct.pack("ii", 1, 0)


class End:
    """Owns the socket. After the handshake, if there is one, nothing here blocks."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain = plain
        self.tls: ssl.SSLSocket | None = None
        self.failed = False
        """The peer has reset the connection, or takes nothing any more."""
        self.said_goodbye = False

    def begin(self) -> None:
        """From now on nothing blocks."""
        (self.tls or self.plain).setblocking(False)

    def secure(self, context: ssl.SSLContext, *, server: bool, host: str | None = None) -> None:
        """Do the handshake; blocks until it is done. Raises OSError (`ssl.SSLError` is one)."""
        self.plain.settimeout(None)
        self.tls = context.wrap_socket(
            self.plain,
            server_side=server,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=True,
        )
        self.plain = self.tls
        self.tls.do_handshake()

    def fileno(self) -> int:
        """For poll; -1 once it is closed."""
        return self.plain.fileno()

    @property
    def pending(self) -> bool:
        """Is there data that poll does not know of?"""
        return self.tls is not None and self.tls.pending() > 0

    def read(self) -> bytes | None:
        """What has come; empty at the end, however it came, None when there is nothing yet."""
        try:
            return self.plain.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except (OSError, ValueError):
            self.failed = True
            return b""

    def write(self, data: bytes) -> int:
        """How many of the bytes were taken. Those that nobody takes any more count."""
        try:
            return self.plain.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except (OSError, ValueError):
            self.failed = True
            return len(data)

    def goodbye(self) -> None:
        """Nothing more will be sent; what was sent still arrives."""
        if self.said_goodbye:
            return
        self.said_goodbye = True
        if self.tls is not None:
            with contextlib.suppress(OSError, ValueError):
                self.tls.unwrap()  # sends its goodbye, and does not wait for the other's
        with contextlib.suppress(OSError):
            self.plain.shutdown(socket.SHUT_WR)

    def wake(self) -> None:
        """From another thread: whoever waits for this end comes back."""
        with contextlib.suppress(OSError):
            self.plain.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """The peer gets a RST."""
        with contextlib.suppress(OSError):
            self.plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
        self.close()

    def close(self) -> None:
        """Free the socket."""
        self.plain.close()
