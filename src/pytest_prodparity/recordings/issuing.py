"""How a response hands out a credential: what kind it is, how long it is good, what it may do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from . import jwt
from .parts import Place, SetCookie
from .roles import is_csrf, is_secret, is_secret_header, is_session_cookie, looks_random, plain, words


def kind_of(place: Place) -> str:
    """What a credential at this place is called."""
    if place.where == "cookie":
        return f"cookie {place.name}"
    if place.where == "authorization":
        return f"{place.name or 'authorization'} token"
    if place.where == "basic":
        return "password" if place.name == "password" else "user"
    return "_".join(words(place.name)) if place.where != "header" else place.name


def is_issued(place: Place, value: str, cookie: SetCookie | None) -> bool:
    """The response hands out a credential here, by the name and the look of the field alone."""
    if cookie is not None:
        return is_session_cookie(cookie.name, http_only=cookie.get("httponly") is not None)
    if place.where in ("location", "fragment") and place.name == "code":
        return True
    if place.where == "header":
        return is_secret_header(place.name, value) and looks_random(value)
    if plain(place.name) in ("devicecode", "usercode"):
        return True
    return is_secret(place.name, value)


def told_lifetime(
    place: Place, value: str, held: Mapping[Place, str], cookie: SetCookie | None, at: float | None
) -> float | None:
    """For how many seconds a credential is good, as the response says that hands it out."""
    if cookie is not None:
        return lifetime_of(cookie, at)
    token = jwt.read(value)
    if token is not None and (until := token.when("exp")) is not None:
        since = at if at is not None else token.when("iat")
        return None if since is None else max(until - since, 1.0)
    stem, dot, last = place.name.rpartition(".")
    root = stem + dot
    own = ("refresh_expires_in", "refresh_token_expires_in", "refreshExpiresIn") if "refresh" in plain(last) else ()
    general = (
        () if "refresh" in plain(last) or plain(last) == "idtoken" else ("expires_in", "expiresIn", "expires", "ttl")
    )
    for name in (*own, *general):
        text = held.get(Place(place.where, root + name))
        if text and re.fullmatch(r"\x00?\d{1,8}(\.0)?", text):
            return float(text.removeprefix("\x00"))
    if not general or at is None:
        return None
    for name in ("expires_at", "expiresAt", "expires", "expiration", "Expiration", "expiry", "expires_on"):
        text = held.get(Place(place.where, root + name))
        until = moment(text) if text else None
        if until is not None and until > at:
            return until - at
    return None


def scope_of(
    place: Place, value: str, held: Mapping[Place, str], asked: frozenset[str] | None
) -> frozenset[str] | None:
    """What a response says that a token may do, or else what was asked for; None where neither says."""
    if place.where == "cookie" or is_csrf(place.name):
        return None
    stem, dot, _ = place.name.rpartition(".")
    if asked is not None and "refresh" in plain(place.name):
        return asked  # what is told is the access token's
    told = held.get(Place(place.where, stem + dot + "scope"))
    if told is None:
        token = jwt.read(value)
        if token is not None and token.scope is not None:
            return token.scope | {s for s in asked or () if "=" in s}
        return asked
    audiences = {s for s in asked or () if s.startswith(("resource=", "audience="))}
    return frozenset(told.split()) | audiences


def asked_until(
    grant: str, here: frozenset[str] | None, at_start: frozenset[str] | None, before: Sequence[frozenset[str]]
) -> frozenset[str]:
    """What was asked for until a token was issued: here, when the user was asked, and for what was shown to get it.

    Servers name in their answers what concerns one API; a refresh may ask for all of it again, and extends nothing.
    """
    own: frozenset[str] = frozenset()
    if grant != "refresh_token":
        own = (here or frozenset()) | (at_start or frozenset())
    return own.union(*before)


def deleted(cookie: SetCookie, at: float | None) -> bool:
    """The response takes the cookie away."""
    age = lifetime_of(cookie, at)
    return not cookie.value or (age is not None and age <= 0)


def lifetime_of(cookie: SetCookie, at: float | None) -> float | None:
    """Seconds for which a cookie is good; None where it says nothing, or nobody knows when that was."""
    age = cookie.get("max-age")
    if age is not None and age.lstrip("-").isdigit():
        return float(age)
    until = moment(cookie.get("expires") or "")
    if until is None:
        return None
    return until - at if at is not None else (-1.0 if until < 86_400 * 366 else None)


def moment(text: str) -> float | None:
    """Seconds since 1970 of a number, an HTTP date or an ISO date."""
    text = text.removeprefix("\x00").strip()
    if re.fullmatch(r"\d{9,13}(\.\d+)?", text):
        number = float(text)
        return number / 1000 if number > 1e11 else number
    try:
        return parsedate_to_datetime(text.replace("-", " ") if re.match(r"\w{3}, \d\d-", text) else text).timestamp()
    except (TypeError, ValueError, IndexError):
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
