"""Plays a recorded exchange: issues its credentials anew, and puts the client's own values and today's times in."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, quote_plus, urlsplit

from . import jwt
from .clock import Clock
from .credentials import Known, Live, Purse, fresh
from .exchange import Fields, Response
from .flows.code import bound
from .issuing import deleted, lifetime_of, moment
from .learned import Entry, Use, asked_until, is_key_set, requested_scope
from .matching import changes
from .parts import Parts, SetCookie, cookies_set, decoded, speaks_json

_ABSOLUTE = re.compile(
    r'("(?:expires_?at|expiresAt|expiration|Expiration|expires_on|expiry|not_?before)"\s*:\s*)("[^"]+"|\d{9,13})'
)
_SLOWER = 5.0  # RFC 8628, 3.5
_INTERVAL = 5.0


class Player:
    """Knows what was issued: it fills the purse."""

    def __init__(self, purse: Purse, clock: Clock, mint: jwt.Mint) -> None:
        self._purse = purse
        self._clock = clock
        self._mint = mint

    def play(self, entry: Entry, parts: Parts, shown: Mapping[Use, Live], swaps: Mapping[str, str]) -> Response:
        """The recorded response as this client gets it, and what follows from it."""
        entry.plays += 1
        mapping = {**swaps, **self._carried(entry, parts, shown)}
        mapping.update(self._issue(entry, parts, shown, mapping))
        self._follow(entry, shown)
        return self._written(entry, mapping)

    def give(self, known: Known, expires_at: float | None, scope: frozenset[str] | None) -> None:
        """A credential from outside."""
        now = self._clock.now()
        self._purse.add(
            Live(
                known=known,
                value=known.value,
                issued_at=now,
                wall=self._clock.wall(),
                expires_at=expires_at,
                scope=scope,
            )
        )

    def _carried(self, entry: Entry, parts: Parts, shown: Mapping[Use, Live]) -> dict[str, str]:
        own = changes(entry.parts, parts)
        if entry.grant == "start":
            entry.swaps, entry.bound, entry.asked = own, bound(parts), requested_scope(parts)
        carried: dict[str, str] = {}
        if entry.start is not None and entry.start is not entry:
            carried.update(entry.start.swaps)
        for use, live in shown.items():
            carried.update(live.swaps)
            if live.value != use.known.value:
                carried[use.known.value] = live.value
        return {**carried, **own}

    def _issue(
        self, entry: Entry, parts: Parts, shown: Mapping[Use, Live], mapping: Mapping[str, str]
    ) -> dict[str, str]:
        made: dict[str, str] = {}
        beside = {known.kind: known for known in entry.issues}
        asked = requested_scope(parts)
        if entry.start is not None and entry.grant in ("", "start"):
            asked = entry.start.asked
        family = object()
        for known in sorted(entry.issues, key=lambda one: one.kind == "id_token"):
            kept = (live for use, live in shown.items() if not (use.known.rotates or use.known.once))
            held = next((live for live in kept if live.known is known), None)
            if held is not None:
                held.issued_at, held.wall = self._clock.now(), self._clock.wall()
                held.expires_at = None if known.lifetime is None else held.issued_at + known.lifetime
                made[known.value] = held.value
                continue
            others = {kind: made.get(one.value, one.value) for kind, one in beside.items()}
            value = self._value(known, entry, {**mapping, **made}, {**others, **_codes(shown)})
            live = self._lived(known, value, entry, shown, asked)
            if not known.is_cookie and not live.known.outside:
                live.family = _family(shown) or family
            live.swaps = {} if known.is_cookie else {k: v for k, v in mapping.items() if k != v}
            start = None if entry.start is None else entry.start.asked
            live.asked = asked_until(entry, requested_scope(parts), start, [one.asked for one in shown.values()])
            self._purse.add(live)
            if value != known.value:
                made[known.value] = value
        return made

    def _value(self, known: Known, entry: Entry, mapping: Mapping[str, str], beside: Mapping[str, str]) -> str:
        times = self._purse.times(known)
        token = jwt.read(known.value)
        if token is None:
            return fresh(known.value, times) if times and len(known.value) >= 8 else known.value
        since = entry.at if entry.at is not None else token.when("iat")
        shift = 0.0 if since is None else self._clock.wall() - since
        return self._mint.made_again(
            token,
            shift=shift,
            swaps=lambda text: swapped(text, mapping),
            beside=beside,
            fresh=str(times) if times else "",
        )

    def _lived(
        self, known: Known, value: str, entry: Entry, shown: Mapping[Use, Live], asked: frozenset[str] | None
    ) -> Live:
        now = self._clock.now()
        backing = {use.known.name for use in entry.uses if use.known.outside and use.place.where != "cookie"}
        backing.update(*(live.backing for live in shown.values()))
        parents = [live for live in shown.values() if not live.known.outside and not live.known.is_cookie]
        live = Live(
            known=known,
            value=value,
            issued_at=now,
            wall=self._clock.wall(),
            lifetime=known.lifetime,
            expires_at=None if known.lifetime is None else now + known.lifetime,
            backing=backing,
            scope=_granted(known, entry, asked, parents),
        )
        if known.kind == "code" and entry.start is not None:
            live.bound = dict(entry.start.bound)
        return live

    def _follow(self, entry: Entry, shown: Mapping[Use, Live]) -> None:
        """What was used up, ended or strengthened by this exchange."""
        for use, live in shown.items():
            if entry.waiting and live.known.kind == "device_code":
                self._slow(entry, live)
            elif not entry.refusal and (use.known.once or use.known.rotates) and _uses_up(entry, use):
                live.state, live.because = "spent", "used"
            elif use.known in entry.ends:
                live.state, live.because = "ended", "the server has ended it"
        secrets = {u.known.name for u in entry.uses if u.known.outside and u.place.where in ("form", "json", "part")}
        replaced = {cookie.name for cookie in cookies_set(entry.exchange.response)}
        for use, live in shown.items():
            if secrets and use.place.where == "cookie" and use.place.name not in replaced and not entry.refusal:
                live.backing |= secrets
            if use.place.name == "token" and use.known in entry.ends and "refresh" in use.known.kind:
                self._purse.end_family(live.family, "its refresh token was revoked")

    def _slow(self, entry: Entry, live: Live) -> None:
        if entry.error == "slow_down":
            wait = float(live.bound.get("interval", _INTERVAL)) + _SLOWER
            live.bound["interval"] = str(wait)
        if "interval" in live.bound:
            live.bound["slowed"] = str(self._clock.now() + float(live.bound["interval"]))

    def _written(self, entry: Entry, mapping: Mapping[str, str]) -> Response:
        response = entry.exchange.response
        wall = self._clock.wall()
        shift = None if entry.at is None else wall - entry.at
        body = self._body(entry, mapping, shift)
        cookies = iter(cookies_set(response))
        headers: list[tuple[str, str]] = []
        for name, value in response.headers:
            lower = name.lower()
            if lower == "set-cookie":
                value = _cookie(next(cookies), swapped(value, mapping), entry.at, wall)
            elif lower == "date":
                value = _http_date(wall)
            elif lower == "location":
                value = _located(swapped(value, mapping), entry)
            elif lower in ("expires", "retry-after", "x-ratelimit-reset", "ratelimit-reset"):
                value = _moved(value, shift)
            elif lower == "content-length" and body is not response.body:
                value = str(len(body))
            elif lower == "content-encoding" and body is not response.body:
                continue
            else:
                value = swapped(value, mapping)
            headers.append((name, value))
        fields: Fields = tuple(headers)
        return Response(status=response.status, reason=response.reason, headers=fields, body=body)

    def _body(self, entry: Entry, mapping: Mapping[str, str], shift: float | None) -> bytes:
        response = entry.exchange.response
        plain = decoded(response.body, response.headers)
        if not plain or (not mapping and not entry.issues and not is_key_set(response)):
            return response.body
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            return response.body
        if is_key_set(response):
            return json.dumps(self._mint.key_set(json.loads(text))).encode()
        changed = swapped(text, mapping)
        if entry.issues and shift is not None and speaks_json(response):
            changed = _ABSOLUTE.sub(lambda m: m[1] + _moved_json(m[2], shift), changed)
        return response.body if changed == text else changed.encode()


def swapped(text: str, mapping: Mapping[str, str]) -> str:
    """`text` with the mapping's values put in, however they are written: as they are, in a URL, in HTML, in JSON."""
    for old, new in sorted(mapping.items(), key=lambda pair: -len(pair[0])):
        if old == new or len(old) < 6:
            continue
        for write in (str, _quoted, quote_plus, html.escape, _in_json):
            text = text.replace(write(old), write(new))
    return text


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _uses_up(entry: Entry, use: Use) -> bool:
    """A code passes through a callback before it is redeemed."""
    return bool(entry.grant) or use.known.kind not in ("code", "device_code")


def _family(shown: Mapping[Use, Live]) -> object | None:
    """That of the token or code which was shown to get these."""
    return next((live.family for live in shown.values() if not live.known.outside and not live.known.is_cookie), None)


def _codes(shown: Mapping[Use, Live]) -> dict[str, str]:
    codes = [live.value for live in shown.values() if live.known.kind == "code"]
    return {"code": codes[0]} if codes else {}


def _granted(
    known: Known, entry: Entry, asked: frozenset[str] | None, parents: Sequence[Live]
) -> frozenset[str] | None:
    """The scope of what is issued now: the recorded one, less what this client did not ask for."""
    if known.scope is None:
        return None
    audiences = frozenset(s for s in asked or () if s.startswith(("resource=", "audience=")))
    if "refresh" in known.kind:  # it keeps what was granted, whatever the access token beside it is narrowed to
        return next((live.scope for live in parents if live.scope is not None), known.scope)
    return _scopes(known.scope, entry, asked, parents) | audiences


def _scopes(
    scope: frozenset[str], entry: Entry, asked: frozenset[str] | None, parents: Sequence[Live]
) -> frozenset[str]:
    inherited = next((live.scope for live in parents if live.scope is not None), None)
    recorded = entry.requested
    if recorded is None and entry.start is not None and not parents:
        recorded = entry.start.requested
    if entry.grant == "refresh_token" or (parents and asked is None):
        return scope if inherited is None else scope & (inherited if asked is None else inherited & asked)
    if recorded is None or asked == recorded:
        return scope if inherited is None else scope & inherited
    return scope & (asked or frozenset()) if asked != recorded else scope


def _cookie(cookie: SetCookie, written: str, at: float | None, wall: float) -> str:
    """A cookie whose Expires lies as far ahead as it did; a deletion stays one."""
    if cookie.get("expires") is None or deleted(cookie, at):
        return written
    bare = tuple(pair for pair in cookie.attributes if pair[0] != "max-age")
    left = lifetime_of(SetCookie(cookie.name, cookie.value, bare), at)
    if left is None:
        return written
    return re.sub(r"(?i)(;\s*expires=)[^;]*", lambda m: m[1] + _http_date(wall + left), written)


def _located(value: str, entry: Entry) -> str:
    """A redirect to the client's own address goes to the one that this client has named: its port may differ."""
    start = entry.start
    if start is None:
        return value
    recorded_state, own = start.parts.sent("state"), start.swaps.get(start.parts.sent("state") or "")
    if recorded_state and own:
        for mark in "?&#":
            value = re.sub(
                rf"{re.escape(mark)}state={re.escape(_quoted(recorded_state))}(?=&|#|$)",
                lambda m: m[0][:7] + _quoted(own),
                value,
            )
    if "redirect_uri" not in start.bound:
        return value
    recorded, named = start.parts.sent("redirect_uri"), start.bound["redirect_uri"]
    if recorded is None or recorded == named or urlsplit(value)[:3] != urlsplit(recorded)[:3]:
        return value
    return named + value[len(recorded) :] if value.startswith(recorded) else value


def _http_date(when: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(when), UTC), usegmt=True)


def _moved(value: str, shift: float | None) -> str:
    when = moment(value)
    if when is None or shift is None or when < 1e9:
        return value
    if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        return str(int((when + shift) * (1000 if len(value.strip()) >= 13 else 1)))
    return _http_date(when + shift)


def _moved_json(value: str, shift: float) -> str:
    bare = value.strip('"')
    when = moment(bare)
    if when is None or when < 1e9:
        return value
    if value.startswith('"') and not bare.isdigit():
        moved = datetime.fromtimestamp(when + shift, UTC).isoformat(timespec="seconds")
        return json.dumps(moved.replace("+00:00", "Z") if bare.endswith("Z") else moved)
    number = str(int((when + shift) * (1000 if len(bare) >= 13 else 1)))
    return f'"{number}"' if value.startswith('"') else number
