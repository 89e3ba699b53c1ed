"""Answers that production gives to a request it refuses, made after the standards where none was recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from .exchange import Fields, Response

Style = Literal["oauth", "bearer", "basic", "key", "session", "csrf", "aws"]
_REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 302: "Found"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A refusal before it is written down: `error` and `description` are the standard's words."""

    style: Style
    status: int
    error: str
    description: str
    scope: str = ""
    login: str = ""
    """Where a page sends who is not logged in."""


STANDARDS: dict[Style, str] = {
    "oauth": "RFC 6749",
    "bearer": "RFC 6750",
    "basic": "RFC 7617",
    "key": "RFC 9110",
    "session": "RFC 9110",
    "csrf": "RFC 9110",
    "aws": "AWS Signature Version 4",
}


def made(refusal: Refusal, *, like: Response | None, json_wanted: bool, xml_wanted: bool = False) -> Response:
    """The response; `like` is a recorded refusal of the same host and status, whose body and headers are taken over."""
    if refusal.login:
        return Response(status=302, reason="Found", headers=(("Location", refusal.login), ("Content-Length", "0")))
    challenge = _challenge(refusal)
    if like is not None:
        kept = tuple((n, v) for n, v in like.headers if n.lower() not in ("www-authenticate", "set-cookie", "date"))
        return Response(status=like.status, reason=like.reason, headers=kept + challenge, body=like.body)
    if xml_wanted:
        kind, body = (
            "text/xml",
            f"<ErrorResponse><Error><Code>{refusal.error}</Code><Message>{refusal.description}</Message></Error></ErrorResponse>",
        )
    elif refusal.style == "aws":
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": refusal.error, "message": refusal.description})
    elif json_wanted or refusal.style == "oauth":
        kind = "application/json"
        body = json.dumps({"error": refusal.error, "error_description": refusal.description})
    else:
        kind, body = "text/plain; charset=utf-8", f"{refusal.error}: {refusal.description}\n"
    return written(refusal.status, kind, body.encode(), challenge)


def written(status: int, kind: str, body: bytes, more: Fields = ()) -> Response:
    """A response with its length and kind."""
    headers = (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"), *more)
    return Response(status=status, reason=_REASONS.get(status, ""), headers=headers, body=body)


def _challenge(refusal: Refusal) -> Fields:
    if refusal.style == "basic" or (refusal.style == "oauth" and refusal.error == "invalid_client"):
        return (("WWW-Authenticate", 'Basic realm="api"'),)
    if refusal.style != "bearer":
        return ()
    if refusal.error == "unauthorized":  # RFC 6750, 3.1: no error code where no credential was sent
        return (("WWW-Authenticate", 'Bearer realm="api"'),)
    scope = f', scope="{refusal.scope}"' if refusal.scope else ""
    told = f'Bearer realm="api", error="{refusal.error}", error_description="{refusal.description}"{scope}'
    return (("WWW-Authenticate", told),)


def limited(retry_after: float | None, *, status: int = 429, json_wanted: bool = True) -> Response:
    """A response that the test asked for, or a rate limit that is not over."""
    whole = None if retry_after is None else max(0, -int(-retry_after // 1))
    more: Fields = () if whole is None else (("Retry-After", str(whole)),)
    error = "rate_limited" if status == 429 else "refused" if status < 500 else "unavailable"
    if json_wanted:
        return written(status, "application/json", json.dumps({"error": error}).encode(), more)
    return written(status, "text/plain; charset=utf-8", f"{error}\n".encode(), more)
