"""TLS to a server that asks for it; the client's side of the wire stays plain."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from pathlib import Path
from typing import cast

from .sender import OWN_THREADS

_CHUNK = 1 << 16


class _Channel:
    """A connected socket under TLS that one thread may read while another writes.

    `ssl.SSLSocket` allows that not: OpenSSL's state has no lock of its own. So the TLS happens in memory, under one.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._plain = plain
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill():
                    raise ConnectionResetError("the server hung up during the TLS handshake") from None
            else:
                break
        self._flush()

    def _fill(self) -> bool:
        data = self._plain.recv(_CHUNK)
        self._incoming.write(data) if data else self._incoming.write_eof()
        return bool(data)

    def _flush(self) -> None:
        with self._writing:
            with self._lock:
                data = self._outgoing.read()
            if data:
                self._plain.sendall(data)

    def recv_into(self, buffer: bytearray | memoryview) -> int:
        """As a socket's: 0 at the end."""
        while True:
            with self._lock:
                try:
                    return cast("int", self._tls.read(len(buffer), cast("bytearray", buffer)))
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    return 0
            if self._outgoing.pending:
                self._flush()
            data = self._plain.recv(_CHUNK)
            with self._lock:
                self._incoming.write(data) if data else self._incoming.write_eof()

    def sendall(self, data: bytes | memoryview) -> None:
        """As a socket's."""
        with self._lock:
            at = 0
            while at < len(data):
                at += self._tls.write(data[at : at + _CHUNK])
        self._flush()

    def shutdown(self, how: int) -> None:
        """End the connection without TLS's goodbye: the far end reads an end of the stream."""
        self._plain.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self._plain.close()


class Tls(socket.socket):
    """The near end of a connection under TLS: plain bytes go in and out, and two threads carry them through the channel."""


def secure(plain: socket.socket, host: str, sslmode: str) -> Tls:
    """TLS over a connection whose server has agreed to it. Raises OSError (`ssl.SSLError` is one)."""
    context = ssl.create_default_context()
    if sslmode not in ("verify-ca", "verify-full"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = sslmode == "verify-full"
        # Where libpq looks.
        roots = Path(os.environ.get("PGSSLROOTCERT", "~/.postgresql/root.crt")).expanduser()
        if roots.is_file():
            context.load_verify_locations(roots)
    channel = _Channel(plain, context, host)
    plain.settimeout(None)
    end, near = socket.socketpair()
    near.settimeout(None)
    out = threading.Thread(target=_carry, args=(near, channel), name="prodparity tls", daemon=True)
    out.start()
    threading.Thread(target=_carry_in, args=(channel, near, out), name="prodparity tls", daemon=True).start()
    tls = Tls(fileno=end.detach())
    tls.settimeout(None)
    return tls


def _carry(source: socket.socket | _Channel, target: socket.socket | _Channel) -> None:
    """Bytes, until either end is gone; then both are."""
    OWN_THREADS.add(threading.get_ident())
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    try:
        while size := source.recv_into(buffer):
            target.sendall(view[:size])
    except OSError:
        pass
    finally:
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        OWN_THREADS.discard(threading.get_ident())


def _carry_in(channel: _Channel, near: socket.socket, out: threading.Thread) -> None:
    _carry(channel, near)
    out.join()
    channel.close()
    near.close()
