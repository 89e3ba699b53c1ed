"""A small HTTP service with a token, a session cookie and a code, that counts what reaches it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "tok-4f9aB2c7D1e8F3a6B5"
SECRET = "client-s3cr3t-9f8e7d6c5b"
COOKIE = "sess-aZ19bY28cX37dW46"
CODE = "code-Qw3Er5Ty7Ui9"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        self.server.seen.append(f"{self.command} {self.path}")
        parts = urlsplit(self.path)
        if parts.path == "/items":
            good = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            self._say(200 if good else 401, {"items": [1, 2], "n": parse_qs(parts.query).get("n", [""])[0]})
        elif parts.path == "/login":
            self._say(302, {}, **{"Location": "/home", "Set-Cookie": f"sid={COOKIE}; Path=/; HttpOnly"})
        elif parts.path == "/home":
            good = f"sid={COOKIE}" in (self.headers.get("Cookie") or "")
            self._say(200 if good else 401, {"home": good})
        elif parts.path == "/callback":
            self._say(302, {}, Location=f"/done?code={CODE}&state=xyz")
        elif parts.path == "/gzip":
            self._raw(200, gzip.compress(b'{"text": "' + b"x" * 500 + b'"}'), **{"Content-Encoding": "gzip"})
        elif parts.path == "/loop":
            self._say(302, {}, Location="/loop")
        elif parts.path == "/large":
            self._stream()
        else:
            self._say(200, {"path": parts.path})

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self.server.seen.append(f"{self.command} {self.path}")
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1"))
        if self.path != "/token":
            self._say(200, {"path": self.path})
            return
        good = form.get("client_secret") == [SECRET]
        body = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600} if good else {"error": "invalid"}
        self._say(200 if good else 401, body)

    def _stream(self) -> None:
        """Without an end, as far as the client can tell."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while not self.server.closing.is_set():
                self.wfile.write(b"10000\r\n" + b"y" * 0x10000 + b"\r\n")
                self.server.sent += 0x10000
        except OSError:
            self.close_connection = True

    def _say(self, status: int, body: object, **headers: str) -> None:
        self._raw(status, json.dumps(body).encode(), **{"Content-Type": "application/json", **headers})

    def _raw(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002


class Service(ThreadingHTTPServer):
    """It, and what reached it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[str] = []
        self.sent = 0
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None: ...


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.closing.set()
        service.shutdown()
        service.server_close()
        thread.join()
