"""What HTTP clients really see when a service fails: measured, and written into docs/explanation/clients-http.md.

    python tools/clients_see_http.py            # measures, and rewrites the table of the page
    python tools/clients_see_http.py requests   # one client only, on the terminal

Each cell is one call, through a proxy that breaks each request in that way, to a server of the standard library that
answers with 2000 bytes of JSON. `timeout=0.5` is each client's own, as its documentation shows it first.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import aiohttp
import httpx
import requests
import urllib3

from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.cut_body import CutBody
from pytest_prodparity.faults.kinds.dribble import Dribble
from pytest_prodparity.faults.kinds.empty_reply import EmptyReply
from pytest_prodparity.faults.kinds.expired_certificate import ExpiredCertificate
from pytest_prodparity.faults.kinds.html import Html
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.faults.kinds.malformed_chunk import MalformedChunk
from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.kinds.slow_headers import SlowHeaders
from pytest_prodparity.faults.kinds.status import Status
from pytest_prodparity.relay.relay import Relay
from pytest_prodparity.relay.relays import Relays
from pytest_prodparity.wire.gate import Asking, Opening, Strike

PAGE = Path(__file__).parent.parent / "docs/explanation/clients-http.md"
TABLE = re.compile(r"(?<=<!-- measured: table -->\n).*?(?=<!-- /measured -->)", re.DOTALL)
BODY = b'{"rows": [' + b", ".join([b"1234567890"] * 165) + b"]}"
TIMEOUT_S = 0.5
NEVER_S = 3.0
"""So long a call without a timeout is watched."""

KINDS: Mapping[str, tuple[Kind, str]] = {
    "reset before the request": (ResetPeer(), "GET"),
    "empty reply": (EmptyReply(), "GET"),
    "reply lost, POST": (ReplyLost(), "POST"),
    "black hole": (BlackHole(), "GET"),
    "slow headers, 2 s": (SlowHeaders(seconds=2.0), "GET"),
    "dribbled body, 2 s": (Dribble(seconds=2.0), "GET"),
    "malformed chunk": (MalformedChunk(), "GET"),
    "body cut, Content-Length": (CutBody(framing="length"), "GET"),
    "body cut, chunked": (CutBody(framing="chunked"), "GET"),
    "body cut, without length": (CutBody(framing="close"), "GET"),
    "body cut, gzip": (CutBody(gzip=True, framing="length"), "GET"),
    "body cut, gzip without length": (CutBody(gzip=True, framing="close"), "GET"),
    "503": (Status(503, retry_after=1), "GET"),
    "HTML instead of JSON": (Html(), "GET"),
    "expired certificate": (ExpiredCertificate(), "GET"),
}


class Always:
    """Strikes whatever fits."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def opening(self, opening: Opening) -> Strike | None:
        """See Gate."""
        return None if self._kind.fits(opening) else self._kind.strike

    def asking(self, asking: Asking) -> Strike | None:
        """See Gate."""
        return None if self._kind.fits(asking) else self._kind.strike


class Service(BaseHTTPRequestHandler):
    """Answers everything with BODY."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """See Service."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def do_POST(self) -> None:
        """See Service."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


Call = Callable[[str, str, float | None, str], tuple[int, bytes]]
"""URL, method, timeout, authority -> status and body."""


def _requests(url: str, method: str, timeout: float | None, ca: str) -> tuple[int, bytes]:
    with requests.request(method, url, timeout=timeout, verify=ca) as answer:
        return answer.status_code, answer.content


def _urllib3(url: str, method: str, timeout: float | None, ca: str) -> tuple[int, bytes]:
    with urllib3.PoolManager(ca_certs=ca, timeout=timeout, retries=False) as pool:
        answer = pool.request(method, url)
        return answer.status, answer.data


def _httpx(url: str, method: str, timeout: float | None, ca: str) -> tuple[int, bytes]:
    with httpx.Client(verify=ssl.create_default_context(cafile=ca), timeout=timeout) as client:
        answer = client.request(method, url)
        return answer.status_code, answer.content


def _httpx_async(url: str, method: str, timeout: float | None, ca: str) -> tuple[int, bytes]:
    async def call() -> tuple[int, bytes]:
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=ca), timeout=timeout) as client:
            answer = await client.request(method, url)
            return answer.status_code, answer.content

    return asyncio.run(call())


def _aiohttp(url: str, method: str, timeout: float | None, ca: str) -> tuple[int, bytes]:
    async def call() -> tuple[int, bytes]:
        limit = aiohttp.ClientTimeout(total=timeout)
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca))
        async with (
            aiohttp.ClientSession(timeout=limit, connector=connector) as session,
            session.request(method, url) as answer,
        ):
            return answer.status, await answer.read()

    return asyncio.run(call())


def _http_client(url: str, method: str, timeout: float | None, ca: str) -> tuple[int, bytes]:
    parts = httpx.URL(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca)
        client: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.host, parts.port, timeout=timeout, context=context
        )
    else:
        client = http.client.HTTPConnection(parts.host, parts.port, timeout=timeout)
    with contextlib.closing(client):
        client.request(method, parts.path)
        answer = client.getresponse()
        return answer.status, answer.read()


CLIENTS: Mapping[str, Call] = {
    "requests": _requests,
    "urllib3": _urllib3,
    "httpx": _httpx,
    "httpx async": _httpx_async,
    "aiohttp": _aiohttp,
    "http.client": _http_client,
}


@contextlib.contextmanager
def proxies() -> Iterator[tuple[Relay, Relay, str]]:
    """A plain one, one under TLS, and the authority's file."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    relays = Relays(Path(__file__).parent)
    try:
        url = f"http://127.0.0.1:{server.server_port}/data"
        plain, secure = relays.open(url), relays.open(url, tls="trusted")
        yield plain, secure, str(secure.ca)
    finally:
        relays.close()
        server.shutdown()
        server.server_close()


def seen(call: Call, relay: Relay, kind: Kind, method: str, ca: str, *, timeout: float | None = TIMEOUT_S) -> str:
    """One call under one fault, in words."""
    relay.gate = Always(kind)
    began = time.monotonic()
    try:
        status, body = call(relay.url, method, timeout, ca)
    except Exception as error:  # noqa: BLE001  # whatever the client raises is what it sees
        said = _named(error)
    else:
        said = f"{status}, " + ("whole body" if body == BODY else f"{_size(body)} bytes, no error")
    finally:
        took = time.monotonic() - began
        relay.gate = None
        relay.lift()
    return f"{said}, after {took:.0f} s" if took > 2 * TIMEOUT_S else said


def hangs(call: Call, relay: Relay, ca: str) -> bool:
    """Without a timeout, in a black hole: is it still there after NEVER_S?"""
    relay.gate = Always(BlackHole())
    with contextlib.suppress(Exception):  # its end is the lift's doing
        thread = threading.Thread(target=_quietly, args=(call, relay.url, ca), daemon=True)
        thread.start()
        thread.join(NEVER_S)
        still = thread.is_alive()
    relay.gate = None
    relay.lift()
    thread.join()
    return still


def _quietly(call: Call, url: str, ca: str) -> None:
    with contextlib.suppress(Exception):
        call(url, "GET", None, ca)


def _named(error: BaseException) -> str:
    kind = type(error)
    module = kind.__module__.partition(".")[0]
    return f"`{kind.__name__}`" if module == "builtins" else f"`{module}.{kind.__name__}`"


def _size(body: bytes) -> str:
    return f"{len(body)} of {len(BODY)}"


def table(clients: Mapping[str, Call] = CLIENTS) -> str:
    """In Markdown."""
    rows = [["fault", *clients], ["---"] * (len(clients) + 1)]
    with proxies() as (plain, secure, ca):
        for name, (kind, method) in KINDS.items():
            relay = secure if isinstance(kind, ExpiredCertificate) else plain
            rows.append([name, *(seen(call, relay, kind, method, ca) for call in clients.values())])
        never = ["waits on" if hangs(call, plain, ca) else "ends" for call in clients.values()]
        rows.append([f"black hole, `timeout=None`, {NEVER_S:.0f} s", *never])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def versions() -> str:
    """Of the clients."""
    clients = ", ".join(f"{name} {version(name)}" for name in ("requests", "urllib3", "httpx", "aiohttp"))
    return f"{clients}, Python {sys.version_info.major}.{sys.version_info.minor}.\n\n"


def main() -> None:
    """Measure, and write or show."""
    wanted = sys.argv[1:]
    if wanted:
        print(table({name: CLIENTS[name] for name in wanted}))
        return
    measured = versions() + table()
    PAGE.write_text(TABLE.sub(lambda _: measured, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
