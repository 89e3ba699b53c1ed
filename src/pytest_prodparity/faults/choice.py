"""Which scenarios a test is put through: each kind where it tells most first, then everywhere, up to a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ..queries.fingerprint import shape
from ..queries.statements import kind
from .gates import Asked
from .identity import CONNECT, Identity
from .kinds.black_hole import BlackHole
from .kinds.kind import Kind
from .kinds.refuse import Refuse
from .kinds.reply_lost import ReplyLost
from .kinds.reset_peer import ResetPeer
from .kinds.sql_state import SqlState
from .scenario import Replay, Scenario, Shape

_ENDS = {"commit", "end", "prepare"}
_NEUTRAL = {"begin", "start", "set", "show", "reset", "savepoint", "release", "rollback", "abort", "discard", "close",
            "deallocate", "listen", "unlisten", ""}  # fmt: skip
_WRITES = {"insert", "update", "delete", "merge", "copy", "call", "do", "truncate"}


@dataclass(frozen=True, slots=True)
class Target:
    """A trip of the code under test, and what may be done to it."""

    asked: Asked
    may_break: bool = True
    """Whoever holds the connection gets another one, or it goes with the test."""
    may_hang: bool = True
    """The code under test chose how its connection waits."""

    @property
    def verbs(self) -> set[str]:
        """What its statements do."""
        return {shape(sql).verb for sql in self.asked.statements}

    @property
    def opens(self) -> bool:
        """It is the opening of a connection."""
        return self.asked.identity.what == CONNECT

    @property
    def writes(self) -> bool:
        """Rows, or locks on them."""
        return bool(self.verbs & _WRITES) or any("for update" in shape(sql).key for sql in self.asked.statements)

    @property
    def commits(self) -> bool:
        """What it did is there to stay once it is answered."""
        return bool(self.verbs & _ENDS) or (self.asked.state == "I" and not self.neutral and not self.reads)

    @property
    def reads(self) -> bool:
        """It only reads, as far as its words say."""
        return self.verbs <= {"select", "values", "table", "explain", "fetch"} and not self.writes

    @property
    def neutral(self) -> bool:
        """It touches no rows: a transaction's beginning, a setting, what a driver or a pool asks for itself."""
        kinds = {kind(made) if (made := shape(sql)).verb else "utility" for sql in self.asked.statements}
        return self.verbs <= _NEUTRAL or (not self.verbs & _ENDS and kinds <= {"catalogue", "utility"})


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


def _trip(target: Target) -> bool:
    return not target.opens and not target.neutral


def _postgres(target: Target) -> bool:
    return _trip(target) and target.asked.protocol == "postgres"


_REFUSE = Refuse()

STAGING: tuple[Way, ...] = (
    Way(kind=ReplyLost(), where=lambda target: _trip(target) and target.commits),
    Way(kind=ResetPeer(), where=_trip),
    Way(
        kind=SqlState("40001"),
        where=lambda target: _postgres(target) and (target.commits or target.writes),
        breaks=False,
    ),
    Way(kind=Refuse(), where=lambda target: target.opens),
    Way(kind=SqlState("57014"), where=lambda target: _postgres(target) and not target.verbs & _ENDS, breaks=False),
    Way(kind=SqlState("40P01"), where=lambda target: _postgres(target) and target.writes, breaks=False),
    Way(kind=SqlState("55P03"), where=lambda target: _postgres(target) and target.writes, breaks=False),
    Way(kind=BlackHole(noticed=True), where=_trip, holds=True),
)
"""By what they tell; `staging`'s kinds, each once at a trip."""

PRODUCTION: tuple[Way, ...] = (
    *STAGING,
    Way(kind=ResetPeer(), where=_trip, shape=Shape.PERSISTENT, also=_REFUSE),
    Way(kind=Refuse(), where=lambda target: target.opens, shape=Shape.PERSISTENT),
    Way(
        kind=SqlState("40001"),
        where=lambda target: _postgres(target) and target.commits,
        breaks=False,
        shape=Shape.PERSISTENT,
    ),
    Way(kind=ResetPeer(), where=_trip, shape=Shape.WINDOW, also=_REFUSE),
    Way(kind=SqlState("53100"), where=lambda target: _postgres(target) and target.writes, breaks=False),
    Way(kind=SqlState("57P03"), where=lambda target: target.opens),
)
"""All, and those that last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What is run, in this order, and how many more there would be."""

    scenarios: tuple[Scenario, ...] = ()
    left_out: int = 0
    holds: frozenset[str] = field(default_factory=frozenset)
    """Tokens of those in which the code may wait for long."""


def choose(targets: Sequence[Target], ways: Sequence[Way], *, most: int) -> Chosen:
    """At most `most` scenarios."""
    columns = [list(_scenarios(way, targets)) for way in ways]
    # Each kind's first, then each kind's others in turn: a bound cuts off the least telling of all kinds.
    rows = [one for row in zip_longest(*columns) for one in row if one is not None]
    unique = list({scenario.token: (way, scenario) for way, scenario in rows}.items())
    kept = unique[:most]
    holds = frozenset(token for token, (way, _) in kept if way.holds)
    ordered = sorted((scenario for _, (_, scenario) in kept), key=lambda scenario: scenario.token in holds)
    return Chosen(scenarios=tuple(ordered), left_out=len(unique) - len(kept), holds=holds)


def _scenarios(way: Way, targets: Sequence[Target]) -> Iterator[tuple[Way, Scenario]]:
    # What commits first, then what writes, the later ones first: more is done by then.
    later_first = list(reversed(targets))
    for target in sorted(later_first, key=lambda target: (not target.commits, not target.writes)):
        allowed = (target.may_break or not way.breaks) and (target.may_hang or not way.holds)
        if allowed and way.where(target):
            yield way, _scenario(way, target.asked.identity)


def _scenario(way: Way, identity: Identity) -> Scenario:
    return Scenario(identity=identity, kind=way.kind, shape=way.shape, also=way.also)


def replayed(targets: Sequence[Target], replay: Replay) -> Chosen:
    """The one scenario that a token names; none where the test has no such trip."""
    for way in PRODUCTION:
        if way.kind.name == replay.kind and way.shape is replay.shape:
            for target in targets:
                if target.asked.identity.token == replay.trip:
                    scenario = _scenario(way, target.asked.identity)
                    return Chosen(
                        scenarios=(scenario,), holds=frozenset((scenario.token,)) if way.holds else frozenset()
                    )
    return Chosen()


NAMES = tuple(dict.fromkeys(way.kind.name for way in PRODUCTION))
"""Of all kinds that a sweep uses."""
