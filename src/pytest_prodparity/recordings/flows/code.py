"""Authorization codes: bound to their client, their redirect_uri and, with PKCE, to a verifier."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from ..jwt import packed
from ..parts import Parts
from .client import client_of
from .flow import Asked, Fault

_VERIFIER = re.compile(r"^[A-Za-z0-9._~-]{43,128}$")
_LONGEST, _COMMON = 600.0, 60.0  # RFC 6749, 4.1.2; what servers do
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def bound(parts: Parts) -> dict[str, str]:
    """What an authorization request binds its code to."""
    names = ("redirect_uri", "client_id", "code_challenge", "code_challenge_method")
    return {name: value for name in names if (value := parts.sent(name)) is not None}


def same_address(one: str, other: str) -> bool:
    """The same redirect address; on loopback any port is the same (RFC 8252, 7.3)."""
    if one == other:
        return True
    first, second = urlsplit(one), urlsplit(other)
    loopback = first.hostname in _LOOPBACK and first.hostname == second.hostname
    return loopback and (first.scheme, first.path, first.query) == (second.scheme, second.path, second.query)


class Code:
    """RFC 6749, 4.1, and RFC 7636."""

    def objects(self, asked: Asked) -> Fault | None:
        """A start with an address that was never registered; a code with another verifier, address or client."""
        if asked.entry.grant == "start":
            return self._start(asked)
        if asked.entry.grant != "authorization_code" or asked.parts.body("grant_type") != "authorization_code":
            return None
        use, live = next(((u, v) for u, v in asked.shown.items() if u.place.name == "code"), (None, None))
        recorded = asked.entry.parts
        verifier = asked.parts.body("code_verifier")
        if verifier is None and (recorded.body("code_verifier") or (live and "code_challenge" in live.bound)):
            return Fault(
                what="missing",
                detail="without the code_verifier of its code",
                use=use,
                live=live,
                error="invalid_grant",
            )
        promised = {} if live is None else live.bound
        if verifier is not None and (said := _verifies(verifier, promised)):
            return Fault(what="mismatch", detail=said, use=use, live=live, error="invalid_grant")
        address = asked.parts.body("redirect_uri")
        expected = promised.get("redirect_uri") if promised else recorded.body("redirect_uri")
        if recorded.body("redirect_uri") is not None and expected is not None and address != expected:
            detail = "without the redirect_uri" if address is None else "with another redirect_uri than the one"
            return Fault(
                what="mismatch",
                detail=f"{detail} of the authorization request",
                use=use,
                live=live,
                error="invalid_grant",
            )
        age = 0.0 if live is None else asked.clock.now() - live.issued_at
        if age > _LONGEST:
            detail = f"with a code that is {age:.0f} s old; none is good for more than {_LONGEST:.0f}"
            return Fault(what="expired", detail=detail, use=use, live=live, error="invalid_grant")
        client = promised.get("client_id")
        if client is not None and client_of(asked.parts) not in (client, None):
            return Fault(
                what="mismatch", detail="with a code of another client", use=use, live=live, error="invalid_grant"
            )
        if age > _COMMON:
            return Fault(
                what="unproven", detail=f"its code is {age:.0f} s old, and many servers end it after {_COMMON:.0f}"
            )
        return None

    def _start(self, asked: Asked) -> Fault | None:
        recorded, sent = asked.entry.parts.sent("redirect_uri"), asked.parts.sent("redirect_uri")
        known = [other.parts.sent("redirect_uri") for other in asked.others if not other.refusal]
        if recorded is not None and sent is not None and not any(same_address(sent, one) for one in known if one):
            return Fault(
                what="mismatch", detail="with a redirect_uri that is not the recorded one", error="invalid_request"
            )
        if asked.entry.parts.sent("code_challenge") is not None and asked.parts.sent("code_challenge") is None:
            return Fault(what="unproven", detail="the recorded request had a code_challenge (PKCE), this one has none")
        return None


def _verifies(verifier: str, promised: dict[str, str]) -> str:
    if not _VERIFIER.match(verifier):
        return "with a code_verifier that is not 43 to 128 unreserved characters"
    challenge = promised.get("code_challenge")
    if challenge is None:
        return ""
    plain = promised.get("code_challenge_method", "plain") == "plain"
    made = verifier if plain else packed(hashlib.sha256(verifier.encode()).digest())
    return "" if made == challenge else "with a code_verifier that its code_challenge was not made from"
