"""Which recorded exchanges a request asks for, once what differs from run to run is taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from .credentials import Known
from .learned import Entry, carries, is_callback, oauth_step
from .parts import Parts, Place
from .roles import chooses, client_made, is_own, is_secret, is_signature, plain

Shape = tuple[tuple[str, str, str], ...]
Address = tuple[str, str, str]
_AUTH = ("authorization", "basic", "cookie", "header", "path")


@dataclass(eq=False)
class Endpoint:
    """All exchanges of one method and address."""

    entries: list[Entry] = field(default_factory=list)
    probes: list[Entry] = field(default_factory=list)
    taken: frozenset[Place] = frozenset()
    """Where credentials stand in its recorded requests."""
    shapes: dict[Shape, list[Entry]] = field(default_factory=dict)
    started: dict[Shape, int] = field(default_factory=dict)
    """How many of a shape's exchanges, from its first one on, have been played."""


class Book:
    """The exchanges of a recording, found by request."""

    def __init__(self, entries: Iterable[Entry], known: Iterable[Known]) -> None:
        self._secret = {one.value for one in known if len(one.value) >= 8}
        self._endpoints: dict[Address, Endpoint] = {}
        self.values: set[str] = set()
        for entry in entries:
            endpoint = self._endpoints.setdefault(self._address(entry.parts, self._secret), Endpoint())
            (endpoint.probes if entry.exchange.probe else endpoint.entries).append(entry)
            self.values.update(value for _, value in entry.parts.fields)
        for endpoint in self._endpoints.values():
            endpoint.taken = frozenset(use.place for entry in endpoint.entries for use in entry.uses)
            for entry in endpoint.entries:
                endpoint.shapes.setdefault(shape(entry.parts, endpoint.taken), []).append(entry)

    def at(self, parts: Parts, live: Iterable[str]) -> tuple[Address, Endpoint | None]:
        """The endpoint of a request, credentials in its path taken out."""
        address = self._address(parts, set(live) | self._secret)
        return address, self._endpoints.get(address)

    def fits(self, endpoint: Endpoint, parts: Parts) -> tuple[Shape, list[Entry], dict[str, str]]:
        """The request's shape, the exchanges that have it, and which recorded values stand for which of the client's.

        Where none has it, the one shape that differs only in values which a client makes up.
        """
        wanted = shape(parts, endpoint.taken)
        if wanted in endpoint.shapes:
            return wanted, endpoint.shapes[wanted], {}
        for recorded, entries in endpoint.shapes.items():
            swaps = self._made_up(recorded, wanted)
            if swaps:
                return recorded, entries, swaps
        return wanted, [], {}

    def _made_up(self, recorded: Shape, wanted: Shape) -> dict[str, str]:
        if [one[:2] for one in recorded] != [one[:2] for one in wanted]:
            return {}
        swaps: dict[str, str] = {}
        for (_, name, old), (_, _, new) in zip(recorded, wanted, strict=True):
            if old == new:
                continue
            if (
                chooses(name)
                or not (client_made(old) and client_made(new))
                or new in self.values
                or swaps.get(old, new) != new
            ):
                return {}
            swaps[old] = new
        return swaps

    def _address(self, parts: Parts, secret: set[str]) -> Address:
        segments = ("*" if len(s) >= 8 and unquote(s) in secret else s for s in parts.path.split("/"))
        return parts.method, parts.origin, "/".join(segments)


def shape(parts: Parts, taken: frozenset[Place]) -> Shape:
    """What a request asks for, without its credentials and what it makes up."""
    grant = oauth_step(parts)
    if grant:  # all else that such a request says is judged, not matched
        return (("oauth", "grant", grant),)
    found = []
    callback = is_callback(parts)
    for place, value in parts.fields:
        where, name = place
        if where in _AUTH or place in taken or is_own(name, value, oauth=callback) or plain(name).startswith("amz"):
            continue
        if where != "telling" and (is_secret(name, value) or (is_signature(name) and where != "json")):
            continue
        found.append((where, name, value))
    return tuple(sorted(found))


def presents(parts: Parts) -> list[Place]:
    """Where a request shows credentials, by the names of the fields alone."""
    grant = oauth_step(parts)
    return [place for place, value in parts.fields if place.where != "cookie" and carries(place, value, grant, parts)]


def changes(recorded: Parts, asked: Parts) -> dict[str, str]:
    """Recorded values of the fields that a client makes up itself -> what this client has made up."""
    oauth = bool(oauth_step(recorded)) or is_callback(recorded)
    return {
        old: new
        for place, old in recorded.at.items()
        if is_own(place.name, old, oauth=oauth) and (new := asked.at.get(place)) is not None and new != old
    }


def different(asked: Parts, entries: Sequence[Entry], taken: frozenset[Place]) -> str:
    """In which fields a request differs from the recorded one that is nearest. Names only."""
    wanted = set(shape(asked, taken))
    nearest = min((set(shape(entry.parts, taken)) ^ wanted for entry in entries), key=len, default=set())
    names = sorted({f"{where} {name}".strip() for where, name, _ in nearest})
    return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
