"""Real services for the proxies' tests, and gates that strike them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.wire.gate import Asking, Opening, Strike

ROWS = b'{"rows": [' + b", ".join([b"1"] * 300) + b"]}"


class Once:
    """Lets a kind strike where it fits: each time, or the n-th time only."""

    def __init__(self, kind: Kind, *, nth: int | None = None) -> None:
        self.kind = kind
        self.asked: list[Asking | Opening] = []
        self._nth = nth
        self._met = 0

    def opening(self, opening: Opening) -> Strike | None:
        return self._choose(opening)

    def asking(self, asking: Asking) -> Strike | None:
        return self._choose(asking)

    def _choose(self, asking: Asking | Opening) -> Strike | None:
        self.asked.append(asking)
        if self.kind.fits(asking) is not None:
            return None
        self._met += 1
        return self.kind.strike if self._nth in (None, self._met) else None


class Shop(ThreadingHTTPServer):
    """`charges` are the bodies that were POSTed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.charges: list[bytes] = []
        self.hosts: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """A client that leaves is what is tested here."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Shop

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.hosts.append(self.headers["Host"])
        if path == "/empty":
            self.send_response(204)
            self.end_headers()
        elif path == "/chunked":
            self._head(("Transfer-Encoding", "chunked"))
            for at in range(0, len(ROWS), 100):
                piece = ROWS[at : at + 100]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\nTrailer: yes\r\n\r\n")
        elif path == "/close":
            self._head(("Connection", "close"))
            self.wfile.write(ROWS)
        elif path == "/big":
            self._head(("Content-Length", str(32 << 20)))
            for _ in range(32):
                self.wfile.write(b"x" * (1 << 20))
        else:
            self._head(("Content-Length", str(len(ROWS))))
            if self.command != "HEAD":
                self.wfile.write(ROWS)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.charges.append(body)
        self.do_GET()

    def _head(self, *fields: tuple[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


@contextlib.contextmanager
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="shop")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def serving(talk: Callable[[socket.socket], None], family: int = socket.AF_INET, place: Any = None) -> Iterator[Any]:
    """A service of plain TCP: `talk` has each connection in a thread of its own. Gives where it listens."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind(place if place is not None else ("127.0.0.1", 0))
    listener.listen()
    threads: list[threading.Thread] = []
    open_ones: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            open_ones.append(one)
            threads.append(threading.Thread(target=_talk, args=(talk, one)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for one in open_ones:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def _talk(talk: Callable[[socket.socket], None], one: socket.socket) -> None:
    with one, contextlib.suppress(OSError):
        talk(one)


def echo(one: socket.socket) -> None:
    """Says what it hears."""
    while data := one.recv(65536):
        one.sendall(data)
