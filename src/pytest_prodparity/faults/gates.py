"""Watches one run of a test from the wire: to learn its trips, or to break one of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.delta import Delta
from ..core.findings import Source
from ..wire.gate import Asking, Opening, Strike
from ..wire.processes import is_another
from .identity import CONNECT, Identity, Namer
from .places import Call, Places
from .pools import opened_by_pool
from .scenario import Scenario, Shape

STATES = 200
"""How often the database is looked at while a test is learned."""
MOST = 50
"""Strikes after which a fault that persists is lifted: who tries so often would try for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opener:
    """Who opened a connection."""

    stack: tuple[str, ...] = ()
    older: bool = False
    """Before the test."""
    pooled: bool = False
    """A pool did, as far as that was seen."""
    foreign: bool = False
    """Another process, of whose lines nothing is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One trip, or the opening of a connection, that passed."""

    identity: Identity
    statements: tuple[str, ...]
    """Empty for an opening."""
    state: str
    source: Source | None
    stack: tuple[str, ...]
    """With the test's own lines."""
    at: float
    connection: int
    opener: Opener
    protocol: str = "postgres"
    actor: str = ""

    @property
    def foreign(self) -> bool:
        """Did another process send it? Then the stack is where the test stood."""
        return is_another(self.actor)

    @property
    def again(self) -> Asking | Opening:
        """As a gate is asked."""
        plain = {"protocol": self.protocol, "connection": self.connection, "source": self.source, "actor": ""}
        if self.identity.what == CONNECT:
            return Opening(**plain, stack=self.stack, at=self.at)  # type: ignore[arg-type]
        return Asking(**plain, number=0, statements=self.statements, state=self.state, stack=self.stack, at=self.at)  # type: ignore[arg-type]


class Trail:
    """What passed in one run. The wire's threads call in."""

    def __init__(self, places: Places) -> None:
        self.asked: list[Asked] = []
        self._places = places
        self._namer = Namer()
        self._openers: dict[tuple[str, int], Opener] = {}
        self._lock = threading.Lock()

    def know(self, connection: int, stack: Sequence[str], *, older: bool, actor: str) -> None:
        """A connection to the database that there is already."""
        opener = Opener(stack=tuple(stack), older=older, foreign=is_another(actor))
        self._openers["postgres", connection] = opener

    def passed(self, one: Asking | Opening) -> Asked:
        """Name it and keep it."""
        stack = tuple(self._places.stack(one.stack))
        statements = one.statements if isinstance(one, Asking) else None
        with self._lock:
            if statements is None:
                self._openers[one.protocol, one.connection] = (
                    Opener(foreign=True) if is_another(one.actor) else Opener(stack=stack, pooled=opened_by_pool())
                )
            asked = Asked(
                identity=self._namer.name(one.source, statements, one.protocol),
                statements=statements or (),
                state=one.state if isinstance(one, Asking) else "I",
                source=one.source,
                stack=stack,
                at=one.at,
                connection=one.connection,
                opener=self._openers.get((one.protocol, one.connection), Opener()),
                protocol=one.protocol,
                actor=one.actor,
            )
            self.asked.append(asked)
        return asked

    @property
    def calls(self) -> list[Call]:
        """The calls of the test, in the order in which they began."""
        return list(dict.fromkeys(self._places.call(one.stack) for one in self.asked))


class Learning:
    """A gate that lets all pass, and sees what was committed before each trip outside a transaction."""

    def __init__(self, places: Places, delta: Callable[[], Delta]) -> None:
        self.trail = Trail(places)
        self.before: list[Delta | None] = []
        """By trip: what was committed before it; None where nobody looked, so as before the trip in front of it."""
        self.blind = False
        """There were more trips than looks."""
        self._delta = delta
        self._looked = 0

    def opening(self, opening: Opening) -> Strike | None:
        """Look, and note it."""
        self._look()
        self.trail.passed(opening)
        return None

    def asking(self, asking: Asking) -> Strike | None:
        """Look, where something may have been committed, be it past the wire, and note it."""
        if asking.state == "I":
            self._look()
        else:
            self.before.append(None)
        self.trail.passed(asking)
        return None

    def _look(self) -> None:
        self.blind = self.blind or self._looked >= STATES
        self._looked += 1
        self.before.append(None if self.blind else self._delta())


class Armed:
    """A gate that strikes at one trip, and by the scenario's shape at those that follow."""

    def __init__(
        self,
        places: Places,
        scenario: Scenario,
        *,
        delta: Callable[[], Delta],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trail = Trail(places)
        self.struck: list[Asked] = []
        self.misfit: str | None = None
        """Why the protocol's state did not allow the fault at that trip."""
        self.at = 0
        """How many passed before the first that was struck."""
        self.then: Delta | None = None
        """What was committed when the test went on to its next call; None where it did not."""
        self._places = places
        self._delta = delta
        self._scenario = scenario
        self._clock = clock
        self._since = 0.0

    @property
    def endless(self) -> bool:
        """It was tried so often that the fault was lifted."""
        return len(self.struck) >= MOST

    def opening(self, opening: Opening) -> Strike | None:
        """Strike, if it is this one's turn."""
        return self._decide(opening)

    def asking(self, asking: Asking) -> Strike | None:
        """Strike, if it is this one's turn."""
        return self._decide(asking)

    def _decide(self, one: Asking | Opening) -> Strike | None:
        asked = self.trail.passed(one)
        if (
            self.struck
            and self.then is None
            and self._places.call(asked.stack) != self._places.call(self.struck[0].stack)
        ):
            self.then = self._delta()
        scenario = self._scenario
        first = not self.struck
        if first:
            if asked.identity != scenario.identity or self.misfit is not None:
                return None
        elif not self._lasts() or self.endless:
            return None
        kind = scenario.kind if first else scenario.kind_for(one)
        if kind is None:
            return None
        why = kind.fits(one)
        if why is not None:
            if first:
                self.misfit = why
            return None
        if first:
            self._since = self._clock()
            self.at = len(self.trail.asked) - 1
        self.struck.append(asked)
        return kind.strike

    def _lasts(self) -> bool:
        shape = self._scenario.shape
        if shape is Shape.WINDOW:
            return self._clock() - self._since < self._scenario.seconds
        return shape is Shape.PERSISTENT
