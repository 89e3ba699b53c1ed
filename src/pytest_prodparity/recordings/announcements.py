"""What a response's own header fields say of the API's age: Deprecation, Sunset, Warning, versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urljoin, urlsplit

from .difference import Difference, Severity
from .exchange import Request, Response
from .fields import links, value, values

_DATE_ITEM = re.compile(r"@(-?\d{1,12})")
_VENDOR = re.compile(r"x-(?:[\w-]+-)?deprecat(?:ed|ion)(?:-(?:reason|info|message|notice))?$", re.IGNORECASE)
_VERSION_NAME = re.compile(r"(?:[\w-]+-)?(?:api-)?version(?:-selected)?$", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}(?:-\d{2})?$", re.ASCII)
_NUMBERED = re.compile(r"v?\d+(?:\.\d+)*$", re.ASCII)
_NOT_OF_THE_API = frozenset(
    {"mime-version", "sec-ch-ua-full-version", "sec-websocket-version", "x-aspnet-version", "x-aspnetmvc-version"}
)


def operation_of(request: Request) -> str:
    """`GET /v1/invoices`: without host and query."""
    return f"{request.method} {urlsplit(request.url).path or '/'}"


def announced(request: Request, response: Response, *, now: datetime) -> list[Difference]:
    """All that is said, and how much it matters at `now`."""
    deprecated = list(_deprecation(request, response, now))
    return [*deprecated, *_sunset(request, response, now), *_versions(request, response)]


def _deprecation(request: Request, response: Response, now: datetime) -> Iterator[Difference]:
    """RFC 9745 says a date; its drafts said `true` or an HTTP date, and vendors have names of their own."""
    said = value(response.headers, "deprecation")
    if said is not None and said.strip().lower() not in ("", "false", "?0"):
        since = _instant(said)
        if since is not None and since > now:
            told = f"is announced as deprecated from {since:%Y-%m-%d} on"
            yield _difference(request, response, Severity.WARN, "deprecated-header", told, "header Deprecation")
        elif since is not None or said.strip().lower() in ("true", "?1"):
            told = f"is deprecated since {since:%Y-%m-%d}" if since is not None else "is deprecated"
            yield _difference(request, response, Severity.FAIL, "deprecated-header", told, "header Deprecation")
        return
    for name, text in response.headers:
        if _VENDOR.match(name) and text.strip().lower() not in ("", "false", "0", "no", "none", "null", "?0"):
            yield _difference(request, response, Severity.FAIL, "deprecated-header", "is deprecated", f"header {name}")
            return
    for text in values(response.headers, "warning"):
        if text.startswith("299") and re.search(r"deprecat", text, re.IGNORECASE):
            yield _difference(request, response, Severity.FAIL, "deprecated-header", "is deprecated", "header Warning")
            return


def _sunset(request: Request, response: Response, now: datetime) -> Iterator[Difference]:
    """RFC 8594. It may also be one short-lived resource's end, so that an end to come is only told."""
    said = value(response.headers, "sunset")
    end = _instant(said) if said is not None else None
    if end is None:
        return
    if end <= now:
        told, severity = f"has reached its end of life on {end:%Y-%m-%d}", Severity.FAIL
    else:
        told, severity = f"ends on {end:%Y-%m-%d}, in {(end - now).days} days", Severity.WARN
    yield _difference(request, response, severity, "sunset", told, "header Sunset")


def _instant(said: str) -> datetime | None:
    said = said.strip()
    if met := _DATE_ITEM.match(said):
        try:
            return datetime.fromtimestamp(int(met[1]), UTC)
        except (OverflowError, OSError, ValueError):
            return None
    try:
        found = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _difference(
    request: Request, response: Response, severity: Severity, kind: str, told: str, source: str
) -> Difference:
    return Difference(
        severity=severity, kind=kind, operation=operation_of(request), where="", told=told,
        successor=successor_of(request, response), source=source,
    )  # fmt: skip


def successor_of(request: Request, response: Response) -> str:
    """A link to the successor version, or to what is said about the deprecation."""
    for link in links(response.headers, "successor-version"):
        return urljoin(request.url, link.target)
    for relation in ("deprecation", "sunset"):
        for link in links(response.headers, relation):
            return f"see {urljoin(request.url, link.target)}"
    return ""


def _versions(request: Request, response: Response) -> Iterator[Difference]:
    """What was asked for is not what answered: how vendors let a version fall that they have retired."""
    asked = {name.lower(): text.strip() for name, text in request.headers if _is_version(name)}
    dated = [segment for segment in urlsplit(request.url).path.split("/") if _DAY.match(segment)]
    dated += [text for name, text in parse_qsl(urlsplit(request.url).query) if name.lower() == "api-version"]
    for name, text in response.headers:
        answered = text.strip()
        if not _is_version(name):
            continue
        said = asked.get(name.lower().removesuffix("-selected"))
        if said is None and len(dated) == 1 and _DAY.match(answered):
            said = dated[0]
        if said is not None and _comparable(said, answered) and not _same(said, answered):
            yield Difference(
                severity=Severity.WARN, kind="version", operation=operation_of(request), where="",
                told=f"was asked for as version {said}, and answered as {answered}", source=f"header {name}",
            )  # fmt: skip
            return


def _is_version(name: str) -> bool:
    return _VERSION_NAME.match(name) is not None and name.lower() not in _NOT_OF_THE_API


def _comparable(one: str, other: str) -> bool:
    return bool((_DAY.match(one) and _DAY.match(other)) or (_NUMBERED.match(one) and _NUMBERED.match(other)))


def _same(asked: str, answered: str) -> bool:
    """`2` was asked, `2.14.3` answered: the same."""
    asked, answered = asked.removeprefix("v"), answered.removeprefix("v")
    return asked == answered or answered.startswith((f"{asked}.", f"{asked}-")) or asked.startswith(f"{answered}.")
