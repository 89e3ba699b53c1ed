"""Recordings written by hand, as data."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from pytest_prodparity.recordings.clock import Clock
from pytest_prodparity.recordings.exchange import Exchange, Request, Response, Ruling
from pytest_prodparity.recordings.ledger import Ledger

API = "https://api.example"
AT = 1_790_000_000.0


def ask(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    data: Any = None,
    cookie: str = "",
    bearer: str = "",
    basic: str = "",
) -> Request:
    """A request; `path` may be a whole URL."""
    fields = [*(headers or {}).items()]
    body = b""
    if form is not None:
        fields.append(("Content-Type", "application/x-www-form-urlencoded"))
        body = urlencode(form).encode()
    elif data is not None:
        fields.append(("Content-Type", "application/json"))
        body = json.dumps(data).encode()
    if cookie:
        fields.append(("Cookie", cookie))
    if bearer:
        fields.append(("Authorization", f"Bearer {bearer}"))
    if basic:
        fields.append(("Authorization", "Basic " + base64.b64encode(basic.encode()).decode()))
    url = path if path.startswith("http") else API + path
    return Request(method=method, url=url, headers=tuple(fields), body=body)


def tell(
    data: Any = None,
    *,
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    page: str = "",
) -> Response:
    """A response: JSON, or a page."""
    kind = "text/html" if page else "application/json"
    body = page.encode() if page else b"" if data is None else json.dumps(data).encode()
    return Response(status=status, headers=(("Content-Type", kind), *headers), body=body)


def tape(*pairs: tuple[Request, Response] | Exchange, step: float = 1.0) -> list[Exchange]:
    """A recording, one exchange a second."""
    found = []
    for number, pair in enumerate(pairs):
        if isinstance(pair, Exchange):
            found.append(pair)
        else:
            found.append(Exchange(number=number, request=pair[0], response=pair[1], at=AT + number * step))
    return found


def replay(*pairs: tuple[Request, Response] | Exchange, environment: Mapping[str, str] | None = None) -> Ledger:
    """A ledger over such a recording."""
    return Ledger(tape(*pairs), clock=Clock(AT), environment=environment)


def body(ruling: Ruling) -> Any:
    """The JSON of an answer."""
    assert ruling.response is not None, ruling.why
    return json.loads(ruling.response.body)


def accused(ledger: Ledger) -> list[str]:
    """The rules of what is held against the code."""
    return [one.rule for one in ledger.accusations]
