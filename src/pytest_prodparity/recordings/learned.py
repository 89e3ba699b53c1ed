"""What a recording teaches: which credentials there are, who issued them, and what each request showed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from .credentials import Known
from .exchange import Exchange, Response
from .issuing import deleted, is_issued, kind_of, moment, scope_of, told_lifetime
from .parts import Parts, Place, cookies_set, given_out, header, take_apart
from .roles import (
    is_csrf,
    is_own,
    is_secret,
    is_secret_header,
    is_session_cookie,
    is_signature,
    known_reusable,
    plain,
    words,
)  # fmt: skip

_OAUTH_ERRORS = frozenset(
    [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_token",
        "access_denied",
        "expired_token",
        "authorization_pending",
        "slow_down",
        "insufficient_scope",
    ]
)
WAITING = frozenset({"authorization_pending", "slow_down"})
_ENDING = re.compile(
    r"(?:^|[/._-])(log_?-?out|sign_?-?out|log_?-?off|sign_?-?off|end_?-?session)(?:[/._-]|$)", re.IGNORECASE
)
_REVOKING = re.compile(r"revo[ck]", re.IGNORECASE)
_SIGNING = frozenset(
    {"aws4-hmac-sha256", "hmac", "signature", "oauth", "digest", "negotiate", "ntlm", "hawk", "sharedkey"}
)
_ACCESS = ("authorization", "basic", "header", "cookie", "query")


class Use(NamedTuple):
    """A credential that a recorded request carried, with what stood behind it then."""

    place: Place
    known: Known
    backing: frozenset[str]
    scope: frozenset[str] | None


@dataclass(kw_only=True, eq=False)
class Entry:
    """A recorded exchange as the ledger sees it. `plays` counts in the replay; all else stays as it was learned."""

    exchange: Exchange
    parts: Parts
    uses: tuple[Use, ...]
    issues: list[Known] = field(default_factory=list)
    ends: list[Known] = field(default_factory=list)
    """What this exchange makes worthless: a deleted cookie, a revoked token, a token that was found expired here."""
    grant: str = ""
    """The OAuth grant type of a token request; `start` for an authorization request."""
    start: Entry | None = None
    """The authorization request that this exchange belongs to."""
    refusal: bool = False
    waiting: bool = False
    """A device's poll that is told to come again."""
    error: str = ""
    requested: frozenset[str] | None = None
    repeats: bool = False
    at: float | None = None
    plays: int = 0
    swaps: dict[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    asked: frozenset[str] | None = None
    """The scope that an authorization request has asked for in the replay."""

    @property
    def number(self) -> int:
        """Its place in the cassette."""
        return self.exchange.number


def requested_scope(parts: Parts) -> frozenset[str] | None:
    """What a token or authorization request asks for, audiences included; None where it names nothing."""
    asked = parts.sent("scope")
    more = [f"{name}={value}" for name in ("resource", "audience") if (value := parts.sent(name))]
    return None if asked is None and not more else frozenset([*(asked or "").split(), *more])


def asked_until(
    entry: Entry, here: frozenset[str] | None, at_start: frozenset[str] | None, before: Sequence[frozenset[str]]
) -> frozenset[str]:
    """What was asked for until a token was issued: here, when the user was asked, and for what was shown to get it.

    Servers name in their answers what concerns one API; a refresh may ask for all of it again, and extends nothing.
    """
    own: frozenset[str] = frozenset()
    if entry.grant != "refresh_token":
        own = (here or frozenset()) | (at_start or frozenset())
    return own.union(*before)


def oauth_step(parts: Parts) -> str:
    """The grant type of a token request, `start` for an authorization request, or nothing."""
    grant = parts.body("grant_type")
    if grant:
        return grant.rsplit(":", 1)[-1] if grant.startswith("urn:") else grant
    if parts.sent("response_type") and parts.sent("client_id"):
        return "start"
    return ""


def is_callback(parts: Parts) -> bool:
    """The provider sends the browser back: its `state` is the client's own."""
    return parts.sent("state") is not None and (parts.sent("code") or parts.sent("error")) is not None


def error_of(response: Response) -> str:
    """The standard's error word in a JSON answer."""
    if response.status < 400:
        return ""
    found = next((value for place, value in given_out(response) if place == Place("json", "error")), "")
    return found if found in _OAUTH_ERRORS else ""


def learn(exchanges: Sequence[Exchange], environment: Mapping[str, str]) -> tuple[list[Entry], list[Known]]:
    """Read the recording from its first exchange to its last. Probes come last, and teach nothing but their answers."""
    reader = _Reader(environment)
    for exchange in sorted(exchanges, key=lambda one: one.number):
        if not exchange.probe:
            reader.read(exchange)
    reader.finish()
    for exchange in exchanges:
        if exchange.probe:
            reader.probe(exchange)
    return reader.entries, list(reader.known.values())


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.entries: list[Entry] = []
        self.known: dict[str, Known] = {}
        self._by_number: dict[int, Entry] = {}
        self._shown: set[int] = set()
        self._kinds: Counter[str] = Counter()
        self._names = {value: name for name, value in environment.items() if len(value) >= 3}
        self._handed: dict[str, tuple[int, Place]] = {}
        self._sent: set[str] = set()
        self._backing: dict[int, set[str]] = {}
        self._start: Entry | None = None
        self._lifetimes: dict[str, float] = {}
        for value, name in self._names.items():
            self._outside(value, name)

    def read(self, exchange: Exchange) -> None:
        parts = take_apart(exchange.request)
        entry = Entry(exchange=exchange, parts=parts, uses=tuple(self._uses(parts)), grant=oauth_step(parts))
        self._judge(entry)
        entry.requested = requested_scope(parts)
        for use in entry.uses:
            use.known.used_by.append(entry.number)
            if not entry.refusal:
                use.known.accepted.append(entry.number)
        if entry.grant == "start":
            self._start = entry
        entry.start = self._start
        if entry.grant == "authorization_code":
            self._start = None
        self._sent.update(value for _, value in parts.fields)
        if not entry.refusal:
            behind = self._stand_behind(entry)
            self._issues(entry, behind)
        self._endings(entry)
        self.entries.append(entry)
        self._by_number[entry.number] = entry

    def probe(self, exchange: Exchange) -> None:
        parts = take_apart(exchange.request)
        entry = Entry(exchange=exchange, parts=parts, uses=(), grant=oauth_step(parts))
        self._judge(entry)
        self.entries.append(entry)

    def _judge(self, entry: Entry) -> None:
        response = entry.exchange.response
        entry.error = error_of(response)
        entry.waiting = entry.error in WAITING
        entry.refusal = response.status in (401, 403, 407, 419, 429) or (bool(entry.error) and not entry.waiting)
        date = moment(header(response.headers, "date") or "")
        entry.at = entry.exchange.at if entry.exchange.at is not None else date

    def _uses(self, parts: Parts) -> list[Use]:
        found: list[Use] = []
        taken: set[Place] = set()
        grant = oauth_step(parts)
        for place, value in parts.fields:
            if place in taken or not carries(place, value, grant, parts):
                known = self.known.get(value) if place not in taken and len(value) >= 8 else None
                if known is None and is_signature(place.name) and place.where == "query":
                    known = self._promoted(value)  # of a signed link that the server has handed out
                if known is None or known.outside or place.where in ("telling", "raw") or is_own(place.name, value):
                    continue
            known = self.known.get(value) or self._encoded(place, value, grant)
            known = known or self._promoted(value) or self._outside(value, place.name)
            if place.where == "cookie" and known.outside and not is_session_cookie(place.name, http_only=False):
                continue
            if known.outside and not known.given_by and place.where != "cookie" and "session" in words(place.name):
                continue  # the client numbers its own sessions
            if not known.kind:
                known.kind = kind_of(place)
            taken.add(place)
            found.append(Use(place, known, frozenset(self._backing.get(id(known), ())), known.scope))
        for segment in parts.path.split("/"):
            known = self.known.get(unquote(segment)) if len(segment) >= 8 else None
            if known is not None:
                found.append(
                    Use(Place("path", known.kind), known, frozenset(self._backing.get(id(known), ())), known.scope)
                )
        return found

    def _encoded(self, place: Place, value: str, grant: str) -> Known | None:
        """Clients of OAuth form-encode what goes into Basic (RFC 6749, 2.3.1)."""
        return self.known.get(unquote_plus(value)) if place.where == "basic" and grant else None

    def _outside(self, value: str, name: str) -> Known:
        given = self._names.get(value, "")
        known = Known(value=value, kind="" if given == name else name, name=given or name, given_by=given)
        self.known[value] = known
        return known

    def _promoted(self, value: str) -> Known | None:
        handed = self._handed.get(value)
        if handed is None or len(value) < 6:
            return None
        return self._known(value, handed[0], handed[1])

    def _known(self, value: str, number: int, place: Place) -> Known:
        known = Known(value=value, kind=kind_of(place), issuers=[number], is_cookie=place.where == "cookie")
        self._kinds[known.kind] += 1
        same = self._kinds[known.kind]
        known.name = known.kind.removeprefix("cookie ") + (f" {same}" if same > 1 else "")
        known.lifetime = self._lifetimes.get(value)
        self.known[value] = known
        entry = self._by_number.get(number)
        if entry is not None:
            entry.issues.append(known)
            self._backing.setdefault(id(known), set()).update(self._behind(entry))
        return known

    def _behind(self, entry: Entry) -> set[str]:
        names = {use.known.name for use in entry.uses if use.known.outside and use.place.where != "cookie"}
        return names.union(*(self._backing.get(id(use.known), set()) for use in entry.uses))

    def _stand_behind(self, entry: Entry) -> set[str]:
        """A secret in a body that a cookie goes with is a login: from then on it stands behind the cookie."""
        behind = self._behind(entry)
        shown = {u.known.name for u in entry.uses if u.known.outside and u.place.where in ("form", "json", "part")}
        replaced = {cookie.name for cookie in cookies_set(entry.exchange.response)}
        for use in entry.uses:
            if shown and use.place.where == "cookie" and use.place.name not in replaced:
                self._backing.setdefault(id(use.known), set()).update(shown)
        return behind

    def _issues(self, entry: Entry, behind: set[str]) -> None:
        response = entry.exchange.response
        held = dict(given_out(response))
        cookies = {cookie.name: cookie for cookie in cookies_set(response)}
        for place, value in held.items():
            if len(value) < 4 or value.startswith("\x00"):
                continue
            cookie = cookies.get(place.name) if place.where == "cookie" else None
            if cookie is not None and deleted(cookie, entry.at):
                continue
            known = self.known.get(value)
            if known is None and value not in self._sent:
                self._handed.setdefault(value, (entry.number, place))
                lifetime = told_lifetime(place, value, held, cookie, entry.at)
                if lifetime is not None:
                    self._lifetimes.setdefault(value, lifetime)
                if not is_issued(place, value, cookie):
                    continue
                known = self._known(value, entry.number, place)
                entry.issues.append(known)
            elif known is None or known.outside:
                continue
            elif entry.number not in known.issuers and is_issued(place, value, cookie):
                known.issuers.append(entry.number)
                entry.issues.append(known)
            self._backing.setdefault(id(known), set()).update(behind)
            start = entry.start.requested if entry.start else None
            known.asked |= asked_until(entry, entry.requested, start, [use.known.asked for use in entry.uses])
            if known.scope is None:
                known.scope = scope_of(
                    place, value, held, entry.requested or (entry.start.requested if entry.start else None)
                )

    def _endings(self, entry: Entry) -> None:
        dropped = {c.name for c in cookies_set(entry.exchange.response) if deleted(c, entry.at)}
        path = entry.parts.path
        for use in entry.uses:
            gone = use.place.where == "cookie" and use.place.name in dropped
            revoked = use.place.name == "token" and bool(_REVOKING.search(path)) and not entry.refusal
            over = bool(_ENDING.search(path)) and not entry.refusal and not use.known.outside
            expired = entry.exchange.response.status == 401 and not use.known.outside
            if gone or revoked or over or expired:
                entry.ends.append(use.known)

    def finish(self) -> None:
        """What only the whole recording shows: what is good for one use, what is renewed, what may be asked again."""
        by_number = self._by_number
        for entry in self.entries:
            entry.ends = [known for known in entry.ends if not any(n > entry.number for n in known.accepted)]
            kinds = {known.kind for known in entry.issues}
            for use in entry.uses:
                if (
                    use.place.where in _ACCESS
                    or entry.refusal
                    or entry.waiting
                    or (use.known.outside and not entry.grant)
                ):
                    continue
                good = [n for n in use.known.accepted if not by_number[n].waiting and by_number[n].grant == entry.grant]
                if entry.grant and plain(use.place.name) in ("code", "devicecode"):
                    use.known.once = len(good) <= 1
                elif use.known.kind in kinds and use.known not in entry.issues:
                    use.known.rotates = len(good) <= 1 and not is_csrf(use.known.kind)
        groups: dict[str, list[Known]] = {}
        for known in self.known.values():
            if not known.outside and not known.is_cookie and known.accepted:
                groups.setdefault(known.kind, []).append(known)
        for kind, members in groups.items():
            one_time = is_csrf(kind) or {"nonce", "ticket", "otp"}.intersection(words(kind))
            if (
                one_time
                and not known_reusable(kind)
                and len(members) > 1
                and all(len(k.accepted) == 1 for k in members)
            ):
                for known in members:
                    known.once = True
        self._repeating()

    def _repeating(self) -> None:
        self._shown = {id(u.known) for e in self.entries for u in e.uses if u.place.where in _ACCESS}
        for entry in self.entries:
            entry.repeats = not entry.refusal and not entry.waiting and self._may_repeat(entry)
        changed = True
        while changed:
            changed = False
            targets = {
                e.parts.path
                for e in self.entries
                if e.repeats and (e.issues or 300 <= e.exchange.response.status < 400)
            }
            for entry in self.entries:
                place = header(entry.exchange.response.headers, "location") or ""
                path = re.sub(r"^https?://[^/]*", "", place).partition("?")[0]
                if (
                    not entry.repeats
                    and not entry.refusal
                    and path in targets
                    and 300 <= entry.exchange.response.status < 400
                ):
                    entry.repeats = changed = True

    def _may_repeat(self, entry: Entry) -> bool:
        path = entry.parts.path
        if "/.well-known/" in path or is_key_set(entry.exchange.response):
            return True
        if entry.parts.method in ("GET", "HEAD"):
            return bool(entry.issues)
        access = any(id(known) in self._shown for known in entry.issues)
        shows = any(use.known.outside or not use.known.is_cookie for use in entry.uses)
        device = any(known.kind == "device_code" for known in entry.issues)
        return bool(entry.issues) and ((access and shows) or bool(entry.grant) or device)


def carries(place: Place, value: str, grant: str, parts: Parts) -> bool:
    """The field of a request is one in which a credential stands."""
    where, name = place
    if where == "authorization":
        return name not in _SIGNING
    if where == "basic":
        empty = parts.at.get(Place("basic", "password"), "") in ("", "x", "X")
        return name == "user" if empty else name == "password"
    if where == "cookie":
        return len(value) >= 4
    if where == "header":
        return is_secret_header(name, value) and not is_signature(name) and not is_own(name, value)
    if where not in ("query", "form", "json", "part") or is_own(name, value, oauth=bool(grant)):
        return False
    if plain(name).startswith("amz") or (is_signature(name) and where != "json"):
        return False
    if name == "code" and is_callback(parts):
        return True
    if grant and name in ("code", "assertion", "client_assertion", "subject_token", "actor_token", "device_code"):
        return name not in ("assertion", "client_assertion")
    return is_secret(name, value)


def is_key_set(response: Response) -> bool:
    """A JWKS."""
    return response.status == 200 and any(p == Place("json", "keys.0.kty") for p, _ in given_out(response))
