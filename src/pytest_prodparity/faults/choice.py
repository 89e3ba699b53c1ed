"""Which scenarios a test is put through: each kind where it tells most first, then everywhere, up to a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ..queries.fingerprint import shape
from ..queries.statements import kind
from .gates import Asked
from .identity import CONNECT, Identity
from .kinds.black_hole import BlackHole
from .kinds.cut_body import CutBody
from .kinds.empty_reply import EmptyReply
from .kinds.failover import Failover
from .kinds.half_open import HalfOpen
from .kinds.html import Html
from .kinds.kind import Kind
from .kinds.malformed_chunk import MalformedChunk
from .kinds.refuse import Refuse
from .kinds.reply_lost import ReplyLost
from .kinds.reset_peer import ResetPeer
from .kinds.restart import Restart
from .kinds.slicer import Slicer
from .kinds.slow import Slow
from .kinds.sql_state import SqlState
from .kinds.starved import Starved
from .kinds.status import Status
from .kinds.terminated import Terminated
from .scenario import Replay, Scenario, Shape

_ENDS = {"commit", "end", "prepare"}
_NEUTRAL = {"begin", "start", "set", "show", "reset", "savepoint", "release", "rollback", "abort", "discard", "close",
            "deallocate", "listen", "unlisten", ""}  # fmt: skip
_WRITES = {"insert", "update", "delete", "merge", "copy", "call", "do", "truncate"}
_READS = {"select", "values", "table", "explain", "fetch"}
_SAFE = ("GET ", "HEAD ", "OPTIONS ")


@dataclass(frozen=True, slots=True)
class Target:
    """A trip of the code under test, and what may be done to it."""

    asked: Asked
    may_break: bool = True
    """Whoever holds the connection gets another one, or it goes with the test."""
    may_hang: bool = True
    """The code under test chose how its connection waits."""

    @property
    def opens(self) -> bool:
        """It is the opening of a connection."""
        return self.asked.identity.what == CONNECT

    @property
    def trip(self) -> bool:
        """It does something: not a transaction's beginning, a setting, or what a driver or a pool asks for itself."""
        if self.opens:
            return False
        if self.asked.protocol != "postgres":
            return True
        kinds = {kind(made) if (made := shape(sql)).verb else "utility" for sql in self.asked.statements}
        return not (self.verbs <= _NEUTRAL or (not self.ends and kinds <= {"catalogue", "utility"}))

    @property
    def statement(self) -> bool:
        """It is one of PostgreSQL's."""
        return self.trip and self.asked.protocol == "postgres"

    @property
    def request(self) -> bool:
        """It is one of HTTP's."""
        return self.trip and self.asked.protocol == "http"

    @property
    def verbs(self) -> set[str]:
        """What its statements do."""
        return {shape(sql).verb for sql in self.asked.statements}

    @property
    def ends(self) -> bool:
        """It ends a transaction well."""
        return self.asked.protocol == "postgres" and bool(self.verbs & _ENDS)

    @property
    def writes(self) -> bool:
        """Rows, or locks on them; or what is not safe to send again."""
        if self.asked.protocol != "postgres":
            return not self.asked.statements[0].startswith(_SAFE) if self.asked.statements else False
        return bool(self.verbs & _WRITES) or any("for update" in shape(sql).key for sql in self.asked.statements)

    @property
    def commits(self) -> bool:
        """What it did is there to stay once it is answered."""
        if self.asked.protocol != "postgres":
            return self.writes
        return self.ends or (self.asked.state == "I" and self.trip and (self.writes or not self.verbs <= _READS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A kind of fault, and where it makes sense."""

    kind: Kind
    where: Callable[[Target], bool]
    breaks: bool = True
    """The connection is lost."""
    holds: bool = False
    """The code waits until it gives up."""
    shape: Shape = Shape.ONCE
    also: Kind | None = None
    all: bool = False
    """It ends every connection, not only this one."""


def _any_trip(target: Target) -> bool:
    return target.trip


def _commits(target: Target) -> bool:
    return target.trip and target.commits


def _opens(target: Target) -> bool:
    return target.opens


def _opens_session(target: Target) -> bool:
    return target.opens and target.asked.protocol == "postgres"


def _opens_service(target: Target) -> bool:
    return target.opens and target.asked.protocol != "postgres"


def _statement(target: Target) -> bool:
    return target.statement


def _commits_statement(target: Target) -> bool:
    return target.statement and target.commits


def _runs(target: Target) -> bool:
    return target.statement and not target.ends


def _writes(target: Target) -> bool:
    return target.statement and target.writes


def _writes_or_commits(target: Target) -> bool:
    return target.statement and (target.writes or target.commits)


def _from_rest(target: Target) -> bool:
    """Nothing is open yet: whoever keeps the connection has kept one to a server that only reads."""
    starts = target.asked.protocol == "postgres" and not target.opens and target.asked.state == "I"
    return starts and (target.writes or bool(target.verbs & {"begin", "start"}))


def _in_transaction(target: Target) -> bool:
    return _writes(target) and target.asked.state == "T"


def _request(target: Target) -> bool:
    return target.request


STAGING: tuple[Way, ...] = (
    Way(kind=ReplyLost(), where=_commits),
    Way(kind=ResetPeer(), where=_any_trip),
    Way(kind=SqlState("40001"), where=_writes_or_commits, breaks=False),
    Way(kind=Status(503), where=_request, breaks=False),
    Way(kind=Refuse(), where=_opens),
    Way(kind=Status(500), where=_request, breaks=False),
    Way(kind=SqlState("57014"), where=_runs, breaks=False),
    Way(kind=CutBody(), where=_request),
    Way(kind=Terminated(), where=_statement),
    Way(kind=Html(), where=_request, breaks=False),
    Way(kind=SqlState("40P01"), where=_writes, breaks=False),
    Way(kind=Status(429, retry_after=1), where=_request, breaks=False),
    Way(kind=SqlState("55P03"), where=_writes, breaks=False),
    Way(kind=EmptyReply(), where=_request),
    Way(kind=Failover(seconds=0), where=_from_rest, all=True),
    Way(kind=MalformedChunk(), where=_request),
    Way(kind=Restart(seconds=0), where=_writes_or_commits, all=True),
    Way(kind=Starved(connections=0), where=_opens_session),
    # In one direction only: the server learns that the client gave up, so that nobody waits for its locks.
    Way(kind=BlackHole(noticed=True), where=_any_trip, holds=True),
)
"""By what they tell; `staging`'s kinds, each once at a trip."""

PRODUCTION: tuple[Way, ...] = (
    *STAGING,
    Way(kind=ResetPeer(), where=_any_trip, shape=Shape.PERSISTENT, also=Refuse()),
    Way(kind=Refuse(), where=_opens, shape=Shape.PERSISTENT),
    # Clients of HTTP treat it otherwise than a reset; nobody can count how often they try.
    Way(kind=Refuse(closed=True), where=_opens_service),
    Way(kind=SqlState("40001"), where=_commits_statement, breaks=False, shape=Shape.PERSISTENT),
    Way(kind=Status(503), where=_request, breaks=False, shape=Shape.PERSISTENT),
    Way(kind=ResetPeer(), where=_any_trip, shape=Shape.WINDOW, also=Refuse()),
    Way(kind=SqlState("53100"), where=_writes, breaks=False),
    Way(kind=SqlState("57P03"), where=_opens_session),
    Way(kind=HalfOpen(), where=_in_transaction),
    Way(kind=Slow(seconds=2), where=_any_trip, breaks=False),
    Way(kind=Slicer(), where=_any_trip, breaks=False),
)
"""All, and those that last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What is run, in this order, and how many more there would be."""

    scenarios: tuple[Scenario, ...] = ()
    left_out: int = 0
    holds: Mapping[str, str] = field(default_factory=dict)
    """Of those in which the code may wait for long: by token the protocol."""


def choose(targets: Sequence[Target], ways: Sequence[Way], *, most: int, alone: bool = True) -> Chosen:
    """At most `most` scenarios; unless the test is `alone`, none that ends the connections of others."""
    columns = [list(_scenarios(way, targets)) for way in ways if alone or not way.all]
    # Each kind's first, then each kind's others in turn: a bound cuts off the least telling of all kinds.
    rows = [one for row in zip_longest(*columns) for one in row if one is not None]
    unique = list({scenario.token: (way, scenario) for way, scenario in rows}.items())
    kept = unique[:most]
    protocols = {target.asked.identity: target.asked.protocol for target in targets}
    holds = {token: protocols[scenario.identity] for token, (way, scenario) in kept if way.holds}
    ordered = sorted((scenario for _, (_, scenario) in kept), key=lambda scenario: scenario.token in holds)
    return Chosen(scenarios=tuple(ordered), left_out=len(unique) - len(kept), holds=holds)


def _scenarios(way: Way, targets: Sequence[Target]) -> Iterator[tuple[Way, Scenario]]:
    # What commits first, then what writes, the later ones first: more is done by then.
    later_first = list(reversed(targets))
    for target in sorted(later_first, key=lambda target: (not target.commits, not target.writes)):
        allowed = (target.may_break or not way.breaks) and (target.may_hang or not way.holds)
        if allowed and way.where(target) and way.kind.fits(target.asked.again) is None:
            yield way, _scenario(way, target.asked.identity)


def _scenario(way: Way, identity: Identity) -> Scenario:
    return Scenario(identity=identity, kind=way.kind, shape=way.shape, also=way.also)


def asked_for(kinds: Sequence[Kind]) -> tuple[Way, ...]:
    """Faults that a marker names, wherever they can happen."""
    return tuple(
        Way(kind=kind, where=_opens if kind.at == "connect" else _any_trip, holds=kind.name in _HOLDING)
        for kind in kinds
    )


_HOLDING = ("black-hole", "slow-headers", "dribble")


def replayed(targets: Sequence[Target], replay: Replay, ways: Sequence[Way] = ()) -> Chosen:
    """The one scenario that a token names; none where the test has no such trip. `ways`: besides the usual ones."""
    for way in (*ways, *PRODUCTION):
        if way.kind.name == replay.kind and way.shape is replay.shape:
            for target in targets:
                if target.asked.identity.token == replay.trip:
                    scenario = _scenario(way, target.asked.identity)
                    return Chosen(scenarios=(scenario,))
    return Chosen()
