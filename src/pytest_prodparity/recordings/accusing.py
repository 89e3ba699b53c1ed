"""From what is wrong with a request to the refusal that production gives, and to what is held against the code."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from types import MappingProxyType
from urllib.parse import urljoin

from .clock import Clock
from .exchange import Accusation, Response
from .flows import Fault
from .learned import Entry
from .matching import Endpoint
from .parts import Parts, header, speaks_json
from .refusal import STANDARDS, Refusal, Style, made
from .roles import is_csrf

_RULES = {
    "expired": "auth-expired",
    "revoked": "auth-expired",
    "skew": "auth-expired",
    "spent": "auth-reused",
    "scope": "auth-scope",
}
_AWS_ERRORS = frozenset(
    {
        "MissingAuthenticationToken",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
        "AccessDenied",
    }
)


def rule_of(fault: Fault) -> str:
    """The public rule; a haste after slow_down is a rate limit's."""
    return "rate-limit-ignored" if fault.error == "slow_down" else _RULES.get(fault.what, "auth-missing")


def accusation(fault: Fault, parts: Parts, clock: Clock) -> Accusation:
    """As a finding's parts."""
    evidence = {"request": parts.endpoint}
    live, use = fault.live, fault.use
    name = live.known.name if live is not None else use.known.name if use is not None else ""
    if live is not None and live.because:
        evidence["because"] = live.because
    if fault.what == "expired" and live is not None:
        if live.knowable(clock.wall()):
            evidence["knowable"] = f"the code was told {live.lifetime:g} s, and its own clock has passed them"
        else:
            evidence["knowable"] = "only from the refusal"
    source = live.known if live is not None else use.known if use is not None else None
    if source is not None and source.issuers:
        evidence["issued by"] = f"exchange {source.issuers[0] + 1} of the recording"
    elif source is not None and source.given_by:
        evidence["given by"] = f"the environment variable {source.given_by}"
    return Accusation(
        rule=rule_of(fault),
        title=f"{parts.method} {parts.path} {fault.detail}",
        subject=name or f"{parts.method} {parts.path}",
        evidence=MappingProxyType(evidence),
    )


def recorded_accusation(entry: Entry, parts: Parts) -> Accusation:
    """For a recorded refusal after which the recorded client went on to succeed."""
    name = entry.uses[0].known.name if entry.uses else "a credential"
    if entry.waiting:
        title = (
            f"{parts.method} {parts.path} was told to come again, and the recorded client came until it got its token"
        )
        rule = "auth-missing"
    elif entry.error in ("invalid_scope", "insufficient_scope"):
        title = f"{parts.method} {parts.path} was refused its scope, and not asked again with what is granted"
        rule = "auth-scope"
    elif entry.uses:
        title = f"{parts.method} {parts.path} was refused with {name}, and not asked again with a good one as while recording"
        rule = "auth-expired"
    else:
        title = f"{parts.method} {parts.path} was refused without a credential, and not asked again with one"
        rule = "auth-missing"
    status = str(entry.exchange.response.status)
    return Accusation(
        rule=rule, title=title, subject=name, evidence=MappingProxyType({"request": parts.endpoint, "status": status})
    )


def answer(
    fault: Fault, entry: Entry, endpoint: Endpoint, everything: Iterable[Entry]
) -> tuple[Response, Entry | None, str]:
    """The response to a refused request, the recorded refusal that it is (if one was recorded), and why."""
    recorded = _recorded(fault, endpoint)
    if recorded is not None:
        return recorded.exchange.response, recorded, "refused as recorded"
    refusal = _refusal(fault, entry, everything)
    like = next(
        (
            one.exchange.response
            for one in everything
            if one.refusal
            and one.parts.origin == entry.parts.origin
            and one.exchange.response.status == refusal.status
            and (one.error == refusal.error or not (one.error or refusal.style == "oauth"))
        ),
        None,
    )
    played = entry.exchange.response
    xml = refusal.style == "aws" and "xml" in (header(played.headers, "content-type") or "")
    wants = header(entry.parts.request.headers, "accept") or ""
    json_wanted = speaks_json(played) or "json" in wants or entry.parts.speaks == "json"
    response = made(refusal, like=like, json_wanted=json_wanted, xml_wanted=xml)
    return response, None, f"made after {STANDARDS[refusal.style]}"


def _recorded(fault: Fault, endpoint: Endpoint) -> Entry | None:
    wanted = {
        "missing": "without",
        "elsewhere": "without",
        "unknown": "corrupt",
        "signature": "corrupt",
        "kind": "corrupt",
    }
    for probe in endpoint.probes:
        if probe.exchange.probe == wanted.get(fault.what) and probe.refusal:
            return probe
    for entry in endpoint.entries:
        if not entry.refusal or entry.exchange.response.status == 429 or entry.grant:
            continue
        without = fault.what in ("missing", "elsewhere") and not entry.uses
        never_good = any(use.known.outside and not use.known.accepted for use in entry.uses)
        expired = any(not use.known.outside for use in entry.uses) and entry.exchange.response.status == 401
        if (
            without
            or (fault.what in ("unknown", "kind") and never_good)
            or (fault.what in ("expired", "revoked") and expired)
        ):
            return entry
    return None


def _refusal(fault: Fault, entry: Entry, everything: Iterable[Entry]) -> Refusal:
    style = _style(fault, entry)
    text = fault.detail.partition(";")[0]
    if style == "aws":
        return Refusal(style=style, status=403, error=fault.error or "SignatureDoesNotMatch", description=text)
    if style == "oauth":
        return _oauth(fault, entry, text)
    if fault.what == "scope":
        scope = " ".join(sorted(s for s in fault.missing_scope if "=" not in s))
        return Refusal(style="bearer", status=403, error="insufficient_scope", description=text, scope=scope)
    if style == "csrf":
        return Refusal(style=style, status=403, error="forbidden", description="CSRF verification failed")
    error = "unauthorized" if fault.what == "missing" or style != "bearer" else "invalid_token"
    login = _login(entry, everything) if style == "session" else ""
    return Refusal(style=style, status=401, error=error, description=text, login=login)


def _oauth(fault: Fault, entry: Entry, text: str) -> Refusal:
    place = fault.use.place if fault.use is not None else None
    client = place is not None and (place.where == "basic" or place.name in ("client_secret", "client_assertion"))
    if fault.error:
        error = fault.error
    elif client:
        error = "invalid_client"
    elif entry.grant == "device_code" and fault.what == "expired":
        error = "expired_token"
    else:
        error = "invalid_request" if fault.what == "missing" else "invalid_grant"
    return Refusal(style="oauth", status=401 if error == "invalid_client" else 400, error=error, description=text)


def _style(fault: Fault, entry: Entry) -> Style:
    if fault.error in _AWS_ERRORS:
        return "aws"
    if entry.grant:
        return "oauth"
    place = fault.use.place if fault.use is not None else None
    if place is None:
        return "key"
    if place.where == "cookie":
        return "session"
    if is_csrf(place.name):
        return "csrf"
    if place.where == "basic":
        return "basic"
    return "bearer" if place.where == "authorization" and place.name == "bearer" else "key"


def _login(entry: Entry, everything: Iterable[Entry]) -> str:
    """The page on which the recording logs in, for an address that shows pages."""
    if "html" not in (header(entry.exchange.response.headers, "content-type") or ""):
        return ""
    for one in everything:
        if "password" in {use.place.name for use in one.uses} and one.parts.speaks == "form":
            return urljoin(one.parts.origin, one.parts.path)
    return ""


class Docket:
    """What is held against the code, until it does right what was refused."""

    _FOR_GOOD = ("auth-reused", "rate-limit-ignored")

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, Hashable], tuple[Accusation, bool]] = {}

    def add(self, accusation: Accusation, request: Hashable, *, for_good: bool | None = None) -> None:
        """`request`: what has to succeed for this to be forgotten."""
        stays = accusation.rule in self._FOR_GOOD if for_good is None else for_good
        self._held.setdefault((accusation.rule, accusation.subject, request), (accusation, stays))

    def recovered(self, request: Hashable) -> None:
        """The request that was refused has succeeded."""
        for key, (_, stays) in list(self._held.items()):
            if key[2] == request and not stays:
                del self._held[key]

    @property
    def accusations(self) -> tuple[Accusation, ...]:
        """In the order in which they arose."""
        return tuple(accusation for accusation, _ in self._held.values())
