"""Counter-probes: while recording, what was read is asked for again without its credential, and with a corrupt one.

So that what production refuses, and how, is recorded and not made. GET and HEAD only: nothing is changed by them.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from . import places
from .exchange import Exchange, Fields, Request, Response
from .store import plain

SECONDS = 10.0
_CREDENTIALS = frozenset({"authorization", "cookie"})
_OURS = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding"})


def probed(exchanges: Sequence[Exchange], *, most: int, note: Callable[[str], None]) -> list[Exchange]:
    """The exchanges, each probe after the one that it is about, numbered anew. An endpoint is probed once."""
    made: list[Exchange] = []
    seen: set[tuple[str, str]] = set()
    for one in exchanges:
        made.append(replace(one, number=len(made)))
        request = one.request
        parts = urlsplit(request.url)
        endpoint = (request.method, f"{parts.netloc}{parts.path}")
        if request.method not in ("GET", "HEAD") or one.response.status >= 300 or endpoint in seen:
            continue
        seen.add(endpoint)
        for kind, asked in _variants(request):
            try:
                response = _send(asked, most)
            except (OSError, http.client.HTTPException, ValueError) as cause:
                note(f"recording: {request.method} {parts.path} could not be probed: {type(cause).__name__}")
                break
            made.append(Exchange(number=len(made), request=asked, response=response, at=time.time(), probe=kind))
    return made


def _variants(request: Request) -> Iterator[tuple[Literal["without", "corrupt"], Request]]:
    """None for a request without a credential."""
    kept = tuple((name, value) for name, value in request.headers if not _is_credential(name))
    if len(kept) == len(request.headers):
        return
    yield "without", replace(request, headers=kept)
    yield "corrupt", replace(request, headers=tuple((name, _corrupt(name, value)) for name, value in request.headers))


def _is_credential(name: str) -> bool:
    return name.lower() in _CREDENTIALS or places.secret_header(name)


def _corrupt(name: str, value: str) -> str:
    if not _is_credential(name):
        return value
    fields: Fields = ((name, value),)
    for secret, kind in places.of_headers(fields):
        if kind == "basic":
            with suppress(ValueError, binascii.Error):
                return "Basic " + base64.b64encode(_changed(base64.b64decode(secret).decode()).encode()).decode()
        value = value.replace(secret, _changed(secret))
    return value


def _changed(secret: str) -> str:
    """Another letter in its middle and at its end."""
    letters = list(secret)
    for at in {len(letters) // 2, len(letters) - 1}:
        letters[at] = "B" if letters[at] == "A" else "A"
    return "".join(letters)


def _send(request: Request, most: int) -> Response:
    parts = urlsplit(request.url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    target = parts.path or "/"
    headers = {name: value for name, value in request.headers if name.lower() not in _OURS}
    try:
        connection.request(request.method, f"{target}?{parts.query}" if parts.query else target, headers=headers)
        answer = connection.getresponse()
        body = answer.read(most + 1)
        if len(body) > most:
            raise ValueError("too large")
        return plain(
            Response(status=answer.status, reason=answer.reason, headers=tuple(answer.getheaders()), body=body)
        )
    finally:
        connection.close()
