"""Credentials: as the recording knows them, and as they live while it is replayed."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ..core.errors import UsageError

State = Literal["good", "expired", "revoked", "spent", "ended"]
_KEYLIKE = re.compile(r"secret|key|hmac|sign|salt|token|pass|hook", re.IGNORECASE)
_LONG_LIVED = ("refresh", "csrf", "xsrf", "id_token", "device_code", "user_code", "nonce", "state")


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """What proves who asks, and where it went. Its value is not in here."""

    name: str
    kind: str
    issued_by: int | None
    """The exchange that issued it; None where it comes from outside."""
    given_by: str
    """The environment variable that it comes from, where that is known."""
    used_by: tuple[int, ...]
    """The exchanges whose requests carried it."""
    expires_at: float | None
    """On the ledger's clock, for the one issued last; None where nothing says."""


@dataclass(kw_only=True, slots=True, eq=False)
class Known:
    """A credential of the recording. Filled while the recording is read, and not changed afterwards."""

    value: str = field(repr=False)
    kind: str
    name: str = ""
    given_by: str = ""
    issuers: list[int] = field(default_factory=list)
    used_by: list[int] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    """Of these, the exchanges that succeeded."""
    lifetime: float | None = None
    scope: frozenset[str] | None = None
    asked: frozenset[str] = frozenset()
    """The scope that was asked for until it was issued, whatever of it the answer names."""
    once: bool = False
    """It is good for one use."""
    rotates: bool = False
    """Using it gives another one in its place, and ends it."""
    is_cookie: bool = False

    @property
    def outside(self) -> bool:
        """Not issued in the recording."""
        return not self.issuers


@dataclass(kw_only=True, slots=True, eq=False)
class Live:
    """A credential that the replay has issued, or that was given from outside."""

    known: Known
    value: str = field(repr=False)
    issued_at: float
    wall: float
    """What the code's own clock showed when it got this."""
    expires_at: float | None = None
    lifetime: float | None = None
    scope: frozenset[str] | None = None
    asked: frozenset[str] = frozenset()
    backing: set[str] = field(default_factory=set)
    """The names of what was shown to get it, or shown beside it since: a password, a key."""
    family: object = field(default_factory=object)
    """One for all that descend from one consent: they are revoked together."""
    state: State = "good"
    because: str = ""
    swaps: dict[str, str] = field(default_factory=dict, repr=False)
    bound: dict[str, str] = field(default_factory=dict, repr=False)
    """What the authorization request said that must be said again: redirect_uri, client_id, code_challenge."""

    def state_at(self, now: float) -> State:
        """Also expired where its time is over."""
        if self.state == "good" and self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return self.state

    def knowable(self, wall: float) -> bool:
        """The code was told the lifetime, and its own clock has passed it."""
        return self.lifetime is not None and wall >= self.wall + self.lifetime


class Purse:
    """The live credentials, by value."""

    def __init__(self) -> None:
        self._held: dict[str, Live] = {}
        self._minted: dict[int, int] = {}

    def find(self, value: str) -> Live | None:
        """The live credential with this value."""
        return self._held.get(value)

    def add(self, live: Live) -> None:
        """Under its value; an older one with the same value is forgotten."""
        self._held[live.value] = live
        self._minted[id(live.known)] = self._minted.get(id(live.known), 0) + 1

    def times(self, known: Known) -> int:
        """How often it was issued in this replay."""
        return self._minted.get(id(known), 0)

    def last(self, known: Known) -> Live | None:
        """The one issued last for a credential of the recording."""
        return next((live for live in reversed(self._held.values()) if live.known is known), None)

    def values(self) -> Iterable[str]:
        """All of them, for looking into paths."""
        return self._held.keys()

    def secrets(self, *, telling: bool = False) -> list[str]:
        """Values that may be keys of signatures: what was given, and what was issued as a secret.

        `telling`: only those whose name says so, and that were never sent themselves.
        """
        found = [live for live in self._held.values() if live.known.outside or "secret" in live.known.kind]
        if telling:
            found = [live for live in found if _KEYLIKE.search(live.known.name) and not live.known.used_by]
        return [live.value for live in found if len(live.value) >= 6 and live.state == "good"]

    def has_aws_key(self) -> bool:
        """A secret access key is among what was given or issued."""
        return any(
            re.search(r"aws\w*secret|secret_?access_?key", f"{n.name} {n.kind}", re.IGNORECASE) for n in self._all()
        )

    def _all(self) -> list[Known]:
        return [live.known for live in self._held.values()]

    def end(self, what: str | None, state: State, because: str) -> None:
        """Expire or revoke by name or kind. Without one: what was issued and gives access; revoked, refresh tokens too.

        Where nothing was issued, the tokens given from outside. UsageError names what there is.
        """
        everything = list(self._held.values())
        if what is None:
            chosen = [live for live in everything if not live.known.outside and (state == "revoked" or _short(live))]
            chosen = chosen or [live for live in everything if live.known.outside]
        else:
            asked = what.lower().replace("-", "_")
            chosen = [live for live in everything if asked in _names(live.known)]
            if not chosen:
                names = ", ".join(sorted({live.known.name for live in everything})) or "nothing yet"
                raise UsageError(
                    f"There is no credential {what!r} to end.",
                    tried=f"Issued or given until now: {names}",
                    fix="name one of them",
                )
        for live in chosen:
            if live.state == "good":
                live.state, live.because = state, because

    def end_family(self, family: object, because: str) -> None:
        """All that descend from one consent."""
        for live in self._held.values():
            if live.family is family and live.state == "good" and not live.known.outside:
                live.state, live.because = "revoked", because


def _short(live: Live) -> bool:
    return not any(word in live.known.kind.lower() for word in _LONG_LIVED)


def _names(known: Known) -> set[str]:
    kind = known.kind.lower().replace("-", "_")
    more = {"cookie", "session"} if known.is_cookie else set()
    if any(word in kind for word in ("access", "bearer", "token", "jwt")) and "refresh" not in kind:
        more |= {"access_token", "token"} if "csrf" not in kind and "id_token" not in kind else set()
    if "refresh" in kind:
        more.add("refresh_token")
    return {known.name.lower().replace("-", "_"), kind, kind.removeprefix("cookie "), known.given_by.lower(), *more} - {
        ""
    }


def fresh(value: str, number: int) -> str:
    """A value of the same shape: letters stay letters, digits digits; the first stretch up to `_` or `-` is kept."""
    head = max((value.rfind(mark, 0, min(12, len(value) // 2)) for mark in "_-"), default=-1) + 1
    stream = b""
    while len(stream) < len(value):
        stream += hashlib.sha256(f"{number}:{len(stream)}:{value}".encode()).digest()
    letters = {c: group for group in (string.ascii_lowercase, string.ascii_uppercase, string.digits) for c in group}
    if all(c in string.hexdigits for c in value[head:]):
        letters = {
            c: ("0123456789abcdef" if c.islower() or c.isdigit() else "0123456789ABCDEF") for c in string.hexdigits
        }
    made = (letters[c][stream[i] % len(letters[c])] if c in letters else c for i, c in enumerate(value[head:]))
    return value[:head] + "".join(made)
