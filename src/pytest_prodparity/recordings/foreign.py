"""Cassettes of others: what was taken out of them cannot be checked, and is not held against anybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from . import places
from .clock import Clock
from .exchange import Accusation, Exchange, Request, Ruling, Verdict
from .ledger import Ledger

TAKEN_OUT = "the recording is another tool's, and its credentials may have been taken out"


class Foreign:
    """The ledger, which falls back on the recording without its credentials.

    Proven is what is refused although nothing was taken out: a credential that was sent once and is not sent now, one that
    the test itself has ended. A value that nobody issued is not: the value that was issued may be gone.
    """

    def __init__(self, exchanges: Sequence[Exchange], *, clock: Clock) -> None:
        self._ledger = Ledger(exchanges, clock=clock)
        self._bare = Ledger([replace(one, request=bare(one.request)) for one in exchanges], clock=clock)
        self._played: set[int] = set()
        self._standing: list[Accusation] = []
        self._lock = threading.Lock()
        self.clock = clock
        self.expire, self.revoke, self.answer = self._ledger.expire, self._ledger.revoke, self._ledger.answer

    def ask(self, request: Request) -> Ruling:
        """As the ledger's."""
        ruling = self._ledger.ask(request)
        shown = carries(request)
        accused = ruling.accusation
        if accused is not None and accused.rule == "auth-missing" and ruling.made and shown:
            return self._unproven(self._bare.ask(bare(request)))
        if ruling.response is None and shown:
            again = self._bare.ask(bare(request))
            return self._unproven(again) if again.response is not None else ruling
        if accused is not None:
            with self._lock:
                self._standing.append(accused)
        if (
            ruling.verdict is Verdict.ACCEPT
            and shown
            and ruling.played is not None
            and not carries(ruling.played.request)
        ):
            return self._unproven(ruling)
        return ruling

    def _unproven(self, ruling: Ruling) -> Ruling:
        if ruling.played is not None:
            with self._lock:
                self._played.add(ruling.played.number)
        return replace(ruling, verdict=Verdict.NOT_COVERED, why=TAKEN_OUT, accusation=None)

    @property
    def accusations(self) -> tuple[Accusation, ...]:
        """Of those that are proven, what stands."""
        with self._lock:
            return tuple(one for one in self._ledger.accusations if one in self._standing)

    @property
    def unplayed(self) -> tuple[Exchange, ...]:
        """Played with credentials or without."""
        with self._lock:
            return tuple(one for one in self._ledger.unplayed if one.number not in self._played)


def carries(request: Request) -> bool:
    """Does it show a credential, true or taken out?"""
    return bare(request) != request


def bare(request: Request) -> Request:
    """Without what may be a credential."""
    headers = tuple((name, value) for name, value in request.headers if not _is_credential(name))
    return replace(request, url=_bare_url(request.url), headers=headers, body=_bare_body(request.body))


def _is_credential(name: str) -> bool:
    return name.lower() in ("authorization", "proxy-authorization", "cookie") or places.secret_header(name)


def _sensitive(name: str) -> bool:
    return places.sensitive(name) or name.lower() in ("code", "key") or name.lower().startswith("x-amz-")


def _bare_url(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _sensitive(name)]
    if len(kept) == len(pairs) and "@" not in parts.netloc:
        return url
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(kept), ""))


def _bare_body(body: bytes) -> bytes:
    if body[:1] in (b"{", b"["):
        try:
            data = json.loads(body)
        except ValueError:
            return body
        made = _bare_json(data)
        return body if made == data else json.dumps(made).encode()
    if b"=" not in body[:4096] or not body.isascii():
        return body
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _sensitive(name)]
    return body if len(kept) == len(pairs) else urlencode(kept).encode()


def _bare_json(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _bare_json(value) for name, value in data.items() if not _sensitive(name)}
    return [_bare_json(one) for one in data] if isinstance(data, list) else data
