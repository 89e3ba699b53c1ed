"""Who rests: held at the wire, over, blocked in the database, or parked elsewhere; and who still moves."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .actors import Actor
from .belonging import Belonging
from .ground import Ground
from .stalls import LOOP, Park, Seen
from .turnstile import Flight, Turnstile

if TYPE_CHECKING:
    from asyncio import Task

_SHORT_S = 0.25
"""A sleep that ends so soon is waited for, lest the clock decide who goes next."""
_OUTSIDE_S = 0.05
"""So long it may wait for somebody who is no actor before that counts as waiting."""
_QUIET_S = 1.0
"""An actor that waits so long for something that nobody knows is passed over."""
_BUSY_S = 0.25
"""The same where some other thread of the process is at work, perhaps for it."""
_TURN_S = 0.02


class Rest:
    """Of one schedule; asked by the conductor's thread."""

    def __init__(self, ground: Ground, actors: Sequence[Actor], turnstile: Turnstile, belongs: Belonging) -> None:
        self._ground = ground
        self._actors = actors
        self._turnstile = turnstile
        self._belongs = belongs
        self._cond = turnstile.cond

    def moving(self) -> list[Actor]:
        return [actor for actor in self._actors if self._moves(actor)]

    def _moves(self, actor: Actor) -> bool:
        """Under `cond`."""
        flights = [one for one in self._turnstile.flights.values() if one.actor == actor.index]
        if any(not one.blocked for one in flights):
            return True
        if flights or not actor.begun or actor.park is not None:
            return False
        if actor.over and not self._belongs.threads(actor.index) and not self._abandoned(actor):
            return False
        return not any(held.ready.actor == actor.index for held in self._turnstile.held)

    def _abandoned(self, actor: Actor) -> list[int]:
        """Connections in a transaction whose actor is over: it may have closed them a moment ago."""
        held = {one.wire for one in self._turnstile.held}
        return [
            wire for wire, one in self._turnstile.traffic.items()
            if one.actor == actor.index and one.state in ("T", "E") and wire not in held
        ]  # fmt: skip

    def still(self) -> bool:
        """Nobody rests only as it seemed: asked once more of all who wait, unless nothing has happened since."""
        with self._cond:
            changes = self._turnstile.changes
            blocked = [one for one in self._turnstile.flights.values() if one.blocked and one.asked != changes]
            parked = [actor for actor in self._actors if actor.park is not None and not actor.over]
        self.blocking(blocked)
        for actor in parked:
            if self.parked(actor) != actor.park:
                actor.park = actor.seen = None
        with self._cond:
            return not self.moving()

    def look(self, moving: Sequence[Actor]) -> None:
        with self._cond:
            flights = [one for one in self._turnstile.flights.values() if not one.blocked]
            running = [actor for actor in moving if all(one.actor != actor.index for one in flights)]
        self.blocking(flights)
        self._belongs.birth()
        for actor in running:
            self._look_at(actor)

    def tasks(self, actor: Actor) -> list[Task[Any]]:
        """Those that run for this actor."""
        return self._belongs.tasks(actor.index)

    def blocking(self, flights: Sequence[Flight]) -> None:
        """Ask the server who holds what these wait for."""
        if not flights:
            return
        changes = self._turnstile.changes
        backends = self._ground.backends()
        found = self._ground.watching.blockers([backends[one.wire] for one in flights if one.wire in backends])
        actors = self.whose(backends)
        now = time.monotonic()
        with self._cond:
            for one in flights:
                one.asked = changes
                holders = found.get(backends.get(one.wire, -1), ())
                # What is no actor's is mostly over in a moment.
                known = any(pid in actors for pid in holders) or now - one.since > _OUTSIDE_S
                one.blocked_at = now if not one.blocked else one.blocked_at
                one.blocked = holders if known else ()
                if one.blocked and one.stride is not None:
                    one.stride.waited_for.update(actors.get(pid, -1) for pid in holders)

    def whose(self, backends: Mapping[int, int]) -> dict[int, int]:
        """Actors by the server's process: who used it last."""
        return {backends[wire]: one.actor for wire, one in list(self._turnstile.traffic.items()) if wire in backends}

    def _look_at(self, actor: Actor) -> None:
        now = self.parked(actor)
        if now is None:
            actor.seen = None
            return
        around = self.around()
        moment = time.monotonic()
        if actor.seen is None or actor.seen.park != now:
            actor.seen = Seen(park=now, around=around, since=moment)
            return
        still = around is not None and around == actor.seen.around
        actor.seen = Seen(park=now, around=around, since=actor.seen.since)
        long = moment - actor.seen.since
        if now.kind == "sleep" and now.until is not None and now.until - moment < _SHORT_S:
            return
        if long < (_QUIET_S if now.kind == "other" else 0.0 if still else _BUSY_S) or self._ground.logging_in():
            return  # also: a pool waits for a connection that is being made
        if now.kind == "other" and actor.thread is not None and self._ground.parks.awaits_a_process(actor.thread):
            return  # which has to start first
        actor.park = now

    def around(self) -> tuple[Park, ...] | None:
        """Where the process's other threads rest, of which one may work for an actor: a server's, a pool's; None where
        one of them runs.
        """
        found = []
        for thread in self._belongs.bystanders():
            park = self._ground.parks.thread(thread)
            if park is None:
                return None
            found.append(park)
        return tuple(found)

    def parked(self, actor: Actor) -> Park | None:
        """Where the actor rests, if all that it has started does."""
        if actor.asynchronous and not actor.over:
            if not self._ground.loop.turned(_TURN_S):
                return Park((LOOP,), "lock")
            return self._parked_tasks(actor) if actor.task is not None else None
        threads = [actor.thread] if actor.thread is not None and not actor.over else []
        found: list[Park] = []
        for thread in threads + self._belongs.threads(actor.index):
            park = self._ground.parks.thread(thread)
            if park is None or park.kind == "other":
                return park
            found.append(park)
        if not actor.over:
            return found[0] if found else None
        # Whatever the client has said is passed on when the wire's thread rests.
        for thread in self._belongs.passing(self._abandoned(actor)):
            park = self._ground.parks.thread(thread)
            if park is None:
                return None
            found.append(park)
        return Park(tuple(found), "lock")

    def _parked_tasks(self, actor: Actor) -> Park | None:
        found: list[Park] = []
        for task in self._belongs.tasks(actor.index):
            park = self._ground.parks.task(task)
            if park is None:
                return None
            if park.kind != "join":
                found.append(park)
        return min(found, key=lambda park: ("other", "sleep", "lock").index(park.kind)) if found else None
