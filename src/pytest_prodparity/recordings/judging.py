"""Holds a request against a recorded exchange: are the credentials there, are they good, is anything else wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args
from urllib.parse import unquote_plus

from . import jwt
from .clock import Clock
from .credentials import Live, Purse
from .flows import Asked, Fault, Flow
from .flows.assertion import Assertion
from .flows.client import same_secret_elsewhere
from .flows.flow import What
from .learned import Entry, Use, oauth_step
from .matching import presents
from .parts import Parts, Place
from .roles import is_csrf, plain

_WEIGHT = {word: weight for weight, word in enumerate(get_args(What))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """`exact`: each credential is the very one of the recording (or one issued in its place)."""

    entry: Entry
    exact: bool
    fault: Fault | None
    shown: Mapping[Use, Live] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """Production would refuse; "nothing is proven" is not wrong."""
        return self.fault is not None and self.fault.what != "unproven"


class Judge:
    """`public`: whether an endpoint asks for nothing, by its probes or by an exchange without a credential."""

    def __init__(self, purse: Purse, clock: Clock, flows: Sequence[Flow]) -> None:
        self._purse = purse
        self._clock = clock
        self._flows = flows
        self._signer = Assertion()
        self._proven: dict[tuple[str, Place], set[str]] = {}

    def learn(self, entries: Sequence[Entry]) -> None:
        """Which kinds of credential were good at which place of which host."""
        for entry in entries:
            if not entry.refusal:
                for use in entry.uses:
                    self._proven.setdefault((entry.parts.origin, use.place), set()).add(use.known.kind)

    def of(self, entry: Entry, parts: Parts, others: Sequence[Entry], *, unchecked: bool = False) -> Judged:
        """What is wrong with a request that asks for this exchange. `unchecked`: a probe has shown that any value does."""
        if entry.refusal:
            return self._refused(entry, parts)
        exact = True
        shown: dict[Use, Live] = {}
        faults: list[Fault] = []
        selfmade: list[tuple[Use, str]] = []
        for use in _uses(entry, parts, self._purse):
            value = parts.at.get(use.place) if use.place.where != "path" else self._in_path(parts, use)
            live = None if value is None else self._purse.find(value)
            if live is None and value is not None and use.place.where == "basic":
                live = self._purse.find(unquote_plus(value))  # RFC 6749, 2.3.1: encoded before it is joined
            fault = None if unchecked and value is not None else self._wrong(use, value, live, parts, entry)
            if live is None and value is not None and self._self_signed(use, value):
                selfmade.append((use, value))
            elif fault is not None:
                faults.append(fault)
            elif live is not None:
                shown[use] = live
                exact = exact and live.known is use.known
        if not any(fault.what != "unproven" for fault in faults):
            asked = Asked(
                parts=parts, entry=entry, shown=shown, others=tuple(others), purse=self._purse, clock=self._clock
            )
            faults += [fault for flow in self._flows if (fault := flow.objects(asked)) is not None]
            for use, value in selfmade:
                recorded = jwt.read(use.known.value)
                if recorded is None:
                    continue
                fault = self._signer.against(recorded, value, asked)
                fault = fault or self._signer.signature(use.known.value, value, asked)
                if fault is not None:
                    faults.append(replace(fault, use=use))
        worst = max((f for f in faults if f.what != "unproven"), key=self.weight, default=None)
        return Judged(entry=entry, exact=exact and not faults, fault=worst or next(iter(faults), None), shown=shown)

    @staticmethod
    def weight(fault: Fault) -> int:
        """How much a fault says: the greatest is shown."""
        return -1 if fault.what == "unproven" else _WEIGHT[fault.what]

    def _refused(self, entry: Entry, parts: Parts) -> Judged:
        """A recorded refusal answers only the very request that was refused."""
        same = all(
            (value := parts.at.get(use.place)) is not None
            and ((live := self._purse.find(value)) is not None and live.known is use.known)
            for use in entry.uses
        )
        places = {use.place for use in entry.uses}
        shown = {place for place, value in parts.fields if place.where == "cookie" and self._purse.find(value)}
        bare = bool(places) or not shown.union(presents(parts))
        return Judged(entry=entry, exact=same and bare, fault=None)

    def _self_signed(self, use: Use, value: str) -> bool:
        """The recorded value is a token that nobody issued and nobody gave: the client has signed it itself."""
        known = use.known
        same = value.rpartition(".")[0] == known.value.rpartition(".")[0]  # then it is the recorded one, mangled
        return known.outside and not known.given_by and not same and jwt.read(known.value) is not None

    def _in_path(self, parts: Parts, use: Use) -> str | None:
        for segment in parts.path.split("/"):
            live = self._purse.find(segment)
            if live is not None and live.known.kind == use.known.kind:
                return segment
        return None

    def _wrong(self, use: Use, value: str | None, live: Live | None, parts: Parts, entry: Entry) -> Fault | None:
        name = shown_place(use)
        if value is None:
            moved = self._elsewhere(use, parts)
            if moved is not None and entry.grant and same_secret_elsewhere(parts, use.place, use.known.value):
                return Fault(what="unproven", detail="its client secret was recorded in another place", use=use)
            if moved is not None:
                return Fault(
                    what="elsewhere", detail=f"with its {use.known.name} in {moved}, recorded in {name}", use=use
                )
            return Fault(what="missing", detail=f"without {name}", use=use)
        if live is None:
            return Fault(what="unknown", detail=f"with a value in {name} that nobody issued", use=use)
        state = live.state_at(self._clock.now())
        if state != "good":
            return self._worn_out(use, live, state)
        if live.known is use.known:
            return _unencoded(use, value, live, entry)
        return self._another(use, live, entry)

    def _another(self, use: Use, live: Live, entry: Entry) -> Fault | None:
        """A good credential, but not the one of the recording."""
        if use.known.outside:
            if use.place.where in ("form", "json", "part", "basic") or not live.known.accepted:
                return Fault(
                    what="unknown", detail=f"with a value in {shown_place(use)} that is not good here", use=use
                )
            return Fault(what="unproven", detail=f"{live.known.name} is good elsewhere, and not recorded here", use=use)
        if (
            live.known.kind in self._proven.get((entry.parts.origin, use.place), set())
            or live.known.kind == use.known.kind
        ):
            return None
        detail = f"with a value of {live.known.name} where {use.known.kind} belongs"
        return Fault(what="kind", detail=detail, use=use, live=live)

    def _worn_out(self, use: Use, live: Live, state: str) -> Fault:
        name = live.known.name
        if state == "spent":
            return Fault(
                what="spent", detail=f"with {name}, which was used before and is good for one use", use=use, live=live
            )
        if state == "expired":
            return Fault(what="expired", detail=f"with {name}, which has expired", use=use, live=live)
        said = "which has ended" if state == "ended" else "which was revoked"
        return Fault(what="revoked", detail=f"with {name}, {said}", use=use, live=live)

    def _elsewhere(self, use: Use, parts: Parts) -> str | None:
        for place, value in parts.fields:
            live = self._purse.find(value) if place != use.place else None
            if live is not None and live.known.kind == use.known.kind and place.where not in ("cookie", "raw"):
                return (
                    f"Authorization without {use.place.name.title()}"
                    if place == Place("authorization", "")
                    else str(place)
                )
        return None


def _uses(entry: Entry, parts: Parts, purse: Purse) -> list[Use]:
    """What the exchange needs; where a refresh is answered from another grant, its client and the refresh token."""
    uses = needed(entry)
    if not descends(entry, parts):
        return uses
    token = parts.body("refresh_token") or ""
    live = purse.find(token)
    place = next((place for place, value in parts.fields if value == token), None)
    kept = [use for use in uses if use.place.where == "basic" or plain(use.place.name) == "clientsecret"]
    return kept if live is None or place is None else [*kept, Use(place, live.known, frozenset(), None)]


def descends(entry: Entry, parts: Parts) -> bool:
    """The request is a refresh, and the exchange the one that issued the refresh token."""
    return oauth_step(parts) == "refresh_token" and entry.grant not in ("refresh_token", "")


def needed(entry: Entry) -> list[Use]:
    """The credentials without which a request of this kind is refused.

    Where a header, a key or a signature says who asks, cookies say nothing more; and a cookie that nothing stands
    behind is needed only where a CSRF value goes with it.
    """
    strong = any(use.place.where in ("authorization", "basic", "header", "query") for use in entry.uses)
    strong = any(
        use.place.where in ("authorization", "basic", "header", "query") and not is_csrf(use.place.name)
        for use in entry.uses
    ) or (strong and not any(use.place.where == "cookie" for use in entry.uses))
    csrf = any(is_csrf(use.place.name) and use.place.where != "cookie" for use in entry.uses)
    found = []
    for use in entry.uses:
        if use.place.where == "cookie" and (
            strong or not (use.backing or csrf or _only(entry, use) or _in_chain(entry, use))
        ):
            continue
        if use.place.where == "cookie" and use.known.outside and not use.known.given_by and not _only(entry, use):
            continue
        found.append(use)
    return found


def _unencoded(use: Use, value: str, live: Live, entry: Entry) -> Fault | None:
    """The recorded request had it form-encoded within Basic, and what is sent comes to something else once decoded."""
    encoded = use.place.where == "basic" and entry.parts.at.get(use.place) != use.known.value
    if not encoded or value != live.value or unquote_plus(value) == value:
        return None
    detail = "with a secret in Basic that is not form-encoded, as the recorded one is (RFC 6749, 2.3.1)"
    return Fault(what="unknown", detail=detail, use=use, live=live)


def _in_chain(entry: Entry, use: Use) -> bool:
    """An authorization request began with this cookie, and the exchange leads on from there to the code."""
    start = entry.start
    return start is not None and start is not entry and not entry.grant and use.known in start.issues


def _only(entry: Entry, use: Use) -> bool:
    """The one credential that the request has, given from outside."""
    return use.known.outside and len(entry.uses) == 1


def shown_place(use: Use) -> str:
    """As a user names it."""
    where, name = use.place
    if where == "authorization":
        return f"Authorization: {name.title()}" if name else "Authorization"
    if where == "basic":
        return "Authorization: Basic"
    if where == "header":
        return name.title()
    return (
        f"the {use.known.kind} in its path"
        if where == "path"
        else f"the {where} value {name!r}"
        if where != "cookie"
        else f"the cookie {name!r}"
    )
