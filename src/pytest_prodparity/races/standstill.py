"""Nobody can go: is it a matter of time, does the database end it, or do they wait for each other for ever?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .execution import Waiting
from .ground import Stopped
from .stalls import Told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .actors import Actor
    from .execution import Status
    from .schedule import Schedule

_GRACE_S = 0.3
"""A standstill that has lasted so long stays one, where no timeout is known that would end it."""
_STILL_S = 0.05
"""The same where all wait for pools."""
_SOON_S = 1.0
"""A wait for a pool or a lock that gives up so soon is waited for."""
_LATE_S = 0.05
_POLL_S = 0.005


class Standstill:
    """One schedule's."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def wait(self) -> None:
        """Until somebody can go, or is over. Raises Stopped with the wait graph."""
        schedule = self._schedule
        since = time.monotonic()
        turnstile = schedule.turnstile
        around = schedule.rest.around()
        busy = since
        while True:
            with turnstile.cond:
                changes = turnstile.changes
                turnstile.cond.wait(_POLL_S)
                changed = turnstile.changes != changes
            for actor in schedule.actors:
                if actor.park is not None and not actor.over and schedule.rest.parked(actor) != actor.park:
                    actor.park = actor.seen = None
                    changed = True
            with turnstile.cond:
                flights = [one for one in turnstile.flights.values() if one.blocked]
                before = [one.blocked for one in flights]
            schedule.rest.blocking(flights)
            if changed or before != [one.blocked for one in flights]:
                schedule.settle()
                return
            before_that, around = around, schedule.rest.around()
            if around != before_that and time.monotonic() - since < schedule.ground.patience:
                busy = time.monotonic()  # another thread works, perhaps for one of them
            self._judge(time.monotonic() - since, time.monotonic() - busy)

    def _judge(self, waited: float, quiet: float) -> None:
        waiting = self.waiting()
        patience = self._schedule.ground.patience
        ends = [actor.park.until for actor in self._live() if actor.park is not None and actor.park.until is not None]
        sleeps = any(one.on == "sleep" for one in waiting)
        soonest = min(ends, default=None)
        if soonest is not None:
            rest = soonest + _LATE_S - time.monotonic()
            if rest > 0 and (rest < _SOON_S - waited or (sleeps and rest + waited < patience)):
                return
        if quiet > self._bound(waiting):
            raise Stopped(self._status(waiting), waiting)

    def _bound(self, waiting: list[Waiting]) -> float:
        patience = self._schedule.ground.patience
        database = [one for one in waiting if one.on == "database"]
        traffic = self._schedule.turnstile.traffic.values()
        impatient = any(one.transactions.patient for one in traffic)
        if not database:
            known = all(one.on == "pool" for one in waiting)
            return _STILL_S if known else _GRACE_S if all(one.on in ("pool", "lock") for one in waiting) else patience
        held = {holder for one in database for holder in one.holders}
        if impatient or -1 in held or (held <= {one.actor for one in database} and not self._alone(database)):
            return patience  # the database ends it, or somebody outside does
        return _GRACE_S

    @staticmethod
    def _alone(database: list[Waiting]) -> bool:
        """Somebody waits for another connection of its own, which the database cannot know."""
        return any(one.actor in one.holders for one in database)

    @staticmethod
    def _status(waiting: list[Waiting]) -> Status:
        waits = {one.actor: set(one.holders) for one in waiting}
        for actor in waits:
            seen: set[int] = set()
            left = set(waits[actor])
            while left:
                one = left.pop()
                if one == actor:
                    return "deadlock"
                if one not in seen:
                    seen.add(one)
                    left |= waits.get(one, set())
        return "stuck"

    # Who waits for what

    def _live(self) -> list[Actor]:
        return [actor for actor in self._schedule.actors if actor.begun and not actor.over]

    def waiting(self) -> list[Waiting]:
        """The wait graph as it stands: an edge for each that is not over and is not held."""
        schedule = self._schedule
        backends = schedule.ground.backends()
        whose = schedule.rest.whose(backends)
        found: list[Waiting] = []
        with schedule.turnstile.cond:
            flights = list(schedule.turnstile.flights.values())
            held = {one.ready.actor for one in schedule.turnstile.held}
        for actor in schedule.actors:
            own = [one for one in flights if one.actor == actor.index]
            for one in own:
                source = one.stride.ready.source if one.stride is not None else None
                holders = tuple(sorted({whose.get(pid, -1) for pid in one.blocked}))
                said = self._said(one.blocked, whose) if one.blocked else "waits for the server, which works"
                found.append(
                    Waiting(
                        actor=actor.index,
                        on="database" if one.blocked else "unknown",
                        holders=holders,
                        source=source,
                        said=said,
                    )
                )
            if not own and actor.begun and not actor.over and actor.index not in held:
                found.append(self._elsewhere(actor, whose))
        return found

    def _said(self, blocked: tuple[int, ...], whose: Mapping[int, int]) -> str:
        by = [
            f"actor {whose[pid] + 1}" if pid in whose else self._schedule.ground.watching.describe(pid)
            for pid in blocked
        ]
        return f"waits in the database for {', '.join(dict.fromkeys(by))}"

    def _elsewhere(self, actor: Actor, whose: Mapping[int, int]) -> Waiting:
        parks = self._schedule.ground.parks
        if actor.task is not None:
            told = self._of_tasks(actor)
        elif actor.thread is not None:
            told = parks.of_thread(actor.thread)
        else:
            told = Told(on="unknown", where="nothing that is known")
        if actor.park is None:
            return Waiting(actor=actor.index, on="unknown", source=told.source, said=f"still runs, in {told.where}")
        if told.on == "pool":
            holders = self._holders(actor)
            by = " and ".join(f"actor {holder + 1}" for holder in holders) or "nobody that was seen"
            count = len(whose)
            said = f"waits in {told.where}; all {count} connections that were used are held by {by}"
            if count == 1:
                said = f"waits in {told.where}; the only connection is held by {by}"
            return Waiting(actor=actor.index, on="pool", holders=holders, source=told.source, said=said)
        if told.on == "lock":
            return self._of_lock(actor, told)
        return Waiting(actor=actor.index, on=told.on, source=told.source, said=f"waits in {told.where}")

    def _holders(self, waits: Actor) -> tuple[int, ...]:
        """Who has the pool's connections: those in a transaction for sure, else who lives, else who came last."""
        schedule = self._schedule
        states = schedule.ground.states()
        used = schedule.turnstile.traffic
        sure = {one.actor for wire, one in used.items() if states.get(wire, "I") in ("T", "E")}
        live = {actor.index for actor in self._live()} & {one.actor for one in used.values()}
        own = {waits.index}
        return tuple(
            sorted(sure - own or sure or live - own or {one.actor for wire, one in used.items() if wire in states})
        )

    def _of_tasks(self, actor: Actor) -> Told:
        parks = self._schedule.ground.parks
        found = [parks.of_task(task) for task in self._schedule.rest.tasks(actor) if not task.done()]
        if actor.park is not None and actor.park.mark[:1] == ("loop",):
            return Told(on="lock", where="the event loop, which another task blocks")
        order = ("pool", "lock", "sleep", "unknown")
        return min(
            found, key=lambda told: order.index(told.on), default=Told(on="unknown", where="nothing that is known")
        )

    def _of_lock(self, actor: Actor, told: Told) -> Waiting:
        holder: tuple[int, ...] = ()
        for other in self._schedule.actors:
            if told.owner and other.thread is not None and other.thread.ident == told.owner:
                holder = (other.index,)
        others = [other.index for other in self._live() if other is not actor]
        if not holder and len(others) == 1:
            holder = (others[0],)
        by = f", held by actor {holder[0] + 1}" if holder and told.owner else ""
        return Waiting(
            actor=actor.index, on="lock", holders=holder, source=told.source, said=f"waits in {told.where}{by}"
        )
