"""The live API asked again: its shapes against the recorded ones.

Only GET and HEAD, only with credentials that the user has named; never called by the plugin.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..core.extras import extra
from .announcements import announced, operation_of
from .coding import Undecodable, decoded
from .difference import Difference, Severity
from .drift import Outcome, Tally
from .exchange import Exchange, Fields, Request, Response
from .fields import is_json, media_type, value
from .openapi.routes import host_of
from .reading import Recorded
from .shapes import changes, shape

TIMEOUT = 30.0
"""Seconds for one attempt's connection and each read."""
LARGEST = 32 << 20
"""Bytes of a live body that are read; a longer one is not compared."""

_AGAIN = frozenset({429, 500, 502, 503, 504})
_SENT = re.compile(r"accept(?:-language)?$|(?:[\w-]+-)?(?:api-)?version$", re.IGNORECASE)
"""Recorded header fields that are sent again: they choose what comes back, and are no credentials."""
_GIVEN = re.compile(
    r"(?:api|app|access|client|consumer)?[_-]?(?:key|token|secret|signature)|auth(?:orization)?|passw(?:or)?d|sig|session(?:[_-]?id)?|x-amz-.*",
    re.IGNORECASE,
)
"""Query parameters that are credentials: left out unless the user names them."""
_ACTS = re.compile(
    r"/(?:authorize|logout|log-out|signout|login|signin|callback|token|unsubscribe|revoke)(?:/|$)", re.IGNORECASE
)
"""Paths that do something even when asked with GET."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What is added to each request; the values are secrets and are shown nowhere."""

    headers: Fields = ()
    query: Fields = ()

    def __repr__(self) -> str:
        names = [name for name, _ in (*self.headers, *self.query)]
        return f"Access({', '.join(names)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Attempts with exponential backoff and jitter, in seconds."""

    attempts: int = 5
    timeout: float = 60.0
    initial: float = 0.5
    longest: float = 20.0
    jitter: float = 1.0


class Unanswered(Exception):
    """An attempt that may be made again: no connection, or a status that says so."""

    def __init__(self, told: str, *, wait: float | None = None, lost: bool = False) -> None:
        super().__init__(told)
        self.wait = wait
        self.lost = lost
        """There was no answer at all."""


def compare(
    cassettes: Sequence[Recorded], *, access: Access, now: datetime, patience: Patience | None = None
) -> Outcome:
    """Each successful GET and HEAD once. What the live API refuses, or no longer has, is not compared, and said."""
    with extra("pytest-prodparity[drift]", needed_for="--live"):
        import stamina  # noqa: F401  # asked for before the first request goes out
    tally, asked, lost = Tally(), set[tuple[str, str]](), dict[str, str]()
    for recorded in cassettes:
        for exchange in recorded.exchanges:
            tally.interactions += 1
            request = exchange.request
            if (reason := _left_out(exchange)) is not None:
                tally.untold[reason] += 1
                continue
            if (request.method, request.url) in asked:
                continue
            asked.add((request.method, request.url))
            host = host_of(request.url)
            try:
                if host in lost:  # it has had its attempts
                    raise Unanswered(lost[host])
                live = fetch(_request(request, access), patience or Patience())
            except Unanswered as failed:
                if failed.lost:
                    lost[host] = str(failed)
                tally.untold[f"{host} does not answer: {failed}"] += 1
                continue
            found, reason = _differences(exchange, live)
            if reason:
                tally.untold[reason] += 1
            else:
                tally.judged += 1
            tally.add(recorded.path, exchange, [*found, *announced(request, live, now=now)])
    return tally.outcome()


def _left_out(exchange: Exchange) -> str | None:
    request, status = exchange.request, exchange.response.status
    if request.method not in ("GET", "HEAD"):
        return "not asked again: only GET and HEAD are"
    if exchange.probe or not 200 <= status < 300:
        return "not asked again: it was not answered with success when recorded"
    if _ACTS.search(urlsplit(request.url).path):
        return "not asked again: its path may do something"
    return None


def _request(request: Request, access: Access) -> Request:
    """Recorded credentials are placeholders, and never sent."""
    own = {name.lower() for name, _ in access.headers}
    headers = [(name, text) for name, text in request.headers if _SENT.match(name) and name.lower() not in own]
    parts = urlsplit(request.url)
    replaced = {name for name, _ in access.query}
    recorded = parse_qsl(parts.query, keep_blank_values=True)
    query = [pair for pair in recorded if pair[0] not in replaced and not _GIVEN.fullmatch(pair[0])]
    if access.query or query != recorded:
        parts = parts._replace(query=urlencode([*query, *access.query]))
    headers += [("User-Agent", "pytest-prodparity drift"), ("Accept-Encoding", "gzip"), *access.headers]
    return Request(method=request.method, url=parts.geturl(), headers=tuple(headers))


def fetch(request: Request, patience: Patience) -> Response:
    """With retries, the server's Retry-After kept; raises Unanswered where the last attempt fails, too."""
    import stamina

    def again(cause: Exception) -> bool | float:
        if not isinstance(cause, Unanswered):
            return False
        return True if cause.wait is None else min(cause.wait, patience.longest)

    for attempt in stamina.retry_context(
        on=again,
        attempts=patience.attempts,
        timeout=patience.timeout,
        wait_initial=patience.initial,
        wait_max=patience.longest,
        wait_jitter=patience.jitter,
    ):
        with attempt:
            return _once(request)
    raise AssertionError("the last attempt returns or raises")


def _once(request: Request) -> Response:
    parts = urlsplit(request.url)
    make: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
    options: dict[str, Any] = {"timeout": TIMEOUT}
    if parts.scheme == "https":
        make, options["context"] = http.client.HTTPSConnection, ssl.create_default_context()
    try:
        connection = make(parts.hostname or "", parts.port, **options)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(request.method, target, headers=dict(request.headers))
            answer = connection.getresponse()
            body = answer.read(LARGEST + 1)
        finally:
            connection.close()
    except ssl.SSLCertVerificationError as refused:
        raise Unanswered(f"its certificate is not good: {refused.verify_message}", lost=True) from None
    except (OSError, http.client.HTTPException) as lost:
        raise Unanswered(str(lost) or type(lost).__name__, lost=True) from None
    fields = tuple(answer.getheaders())
    if answer.status in _AGAIN:
        said = value(fields, "retry-after")
        raise Unanswered(f"status {answer.status}", wait=float(said) if said is not None and said.isdigit() else None)
    return Response(status=answer.status, reason=answer.reason, headers=fields, body=body)


def _differences(exchange: Exchange, live: Response) -> tuple[list[Difference], str]:
    """And the reason why there is nothing to compare, if so."""
    recorded, operation = exchange.response, operation_of(exchange.request)

    def one(severity: Severity, kind: str, where: str, told: str) -> Difference:
        return Difference(
            severity=severity, kind=kind, operation=operation, where=where, told=told, source="the live API"
        )

    if live.status == 410:
        return [one(Severity.FAIL, "gone", "", "is gone: 410")], ""
    if live.status in (401, 403):
        return [], f"the live API refuses with {live.status}; name a credential with --header or --query"
    if live.status == 404:
        return [], "the live API answers 404: the recorded resource may be gone, or the path"
    if not 200 <= live.status < 300:
        return [one(Severity.WARN, "status", "", f"answers {live.status}, was {recorded.status}")], ""
    if exchange.request.method == "HEAD" or not recorded.body:
        return [], ""
    was, now = media_type(recorded.headers), media_type(live.headers)
    if not is_json(was):
        return [], f"bodies of {was or 'no content type'} are not compared"
    where = f"response {live.status}"
    if not is_json(now):
        return [one(Severity.FAIL, "type", f"{where} body", f"is {now or 'of no content type'}, was {was}")], ""
    if len(live.body) > LARGEST:
        return [], f"the live body is more than {LARGEST >> 20} MB"
    try:
        before = shape(json.loads(decoded(recorded.headers, recorded.body)))
        after = shape(json.loads(decoded(live.headers, live.body)))
    except (Undecodable, ValueError, RecursionError) as torn:
        return [], f"a body cannot be read: {torn}"
    return [one(change.severity, change.kind, f"{where} {change.path}".strip(), change.told) for change in changes(before, after)], ""  # fmt: skip
