"""One run of all actors under one director: waits until all of them rest, asks who goes, lets that one go."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .actors import Actor, Loop
from .belonging import Belonging
from .execution import Choice, Director, Execution, Status, Step, Waiting
from .stalls import Park, Parks
from .standstill import Standstill
from .turnstile import Flight, Held, Stride, Strikes, Turnstile
from .watching import Watching

if TYPE_CHECKING:
    from asyncio import Task

_FIRST_S = 0.001
"""So long after an actor has gone on, it is looked at, and the server is asked whether it waits."""
_MOST_S = 0.01
_SHORT_S = 0.25
"""A sleep that ends so soon is waited for, lest the clock decide who goes next."""
_OUTSIDE_S = 0.05
"""So long it may wait for somebody who is no actor before that counts as waiting."""
_QUIET_S = 1.0
"""An actor that waits so long for something that nobody knows is passed over."""

Backends = Callable[[], Mapping[int, int]]
"""The server's processes by connection."""


class Stopped(Exception):
    """The schedule does not come to its end."""

    def __init__(self, status: Status, waiting: Sequence[Waiting] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.waiting = tuple(waiting)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all schedules of a crew have in common."""

    watching: Watching
    parks: Parks
    loop: Loop
    backends: Backends
    states: Callable[[], Mapping[int, str]]
    """Transaction states by connection."""
    logging_in: Callable[[], bool]
    database: str
    patience: float
    footprints: bool


class Schedule:
    """`actors` begin one after another, so that what is new in the process can be told to be somebody's."""

    def __init__(self, ground: Ground, actors: Sequence[Actor], turnstile: Turnstile, belongs: Belonging) -> None:
        self.actors = actors
        self.strides: list[Stride] = []
        self.choices: list[Choice] = []
        self.notes: list[str] = []
        self.turnstile = turnstile
        self.ground = ground
        self.faults: Mapping[tuple[int, int], Strikes] = {}
        self._belongs = belongs
        self._cond = turnstile.cond
        self._standstill = Standstill(self)

    # The two ways to run it

    def conduct(self, director: Director) -> None:
        """All at once, in the director's order. Raises Stopped."""
        for actor in self.actors:
            self._begin(actor)
        while (enabled := self._enabled()) or self._lives():
            if not enabled:
                self._standstill.wait()
                continue
            chosen = director.choose([held.ready for held in enabled], self.so_far)
            held = next((one for one in enabled if one.ready.actor == chosen), None)
            if held is None:
                raise Stopped("diverged")
            self._let_go(held, enabled)

    def one_by_one(self, order: Sequence[int]) -> None:
        """Each begins when the last is over. Raises Stopped."""
        for index in order:
            self._begin(self.actors[index])
            while (enabled := self._enabled()) or self._lives():
                if enabled:
                    self._let_go(enabled[0], enabled)
                else:
                    self._standstill.wait()

    def free(self) -> None:
        """Let them come to their end in any order, since nobody asks for this one any more. Raises Stopped."""
        while (enabled := self._enabled()) or self._lives():
            if enabled:
                self._let_go(enabled[0], enabled)
            else:
                self._standstill.wait()

    @property
    def so_far(self) -> list[Step]:
        """The steps until now."""
        return [stride.step() for stride in self.strides]

    def execution(self, status: Status, waiting: Sequence[Waiting], seconds: float) -> Execution:
        """What it came to."""
        return Execution(
            steps=tuple(self.so_far), choices=tuple(self.choices),
            outcomes=tuple([actor.outcome() for actor in self.actors]), status=status, waiting=tuple(waiting),
            seconds=seconds, notes=tuple(dict.fromkeys(self.notes)),
        )  # fmt: skip

    def _begin(self, actor: Actor) -> None:
        self._belongs.running = actor.index
        actor.start()
        self.settle()

    def _enabled(self) -> list[Held]:
        with self._cond:
            first: dict[int, Held] = {}
            for held in self.turnstile.held:
                first.setdefault(held.ready.actor, held)
            return [first[actor] for actor in sorted(first)]

    def _lives(self) -> bool:
        with self._cond:
            return bool(self.turnstile.flights) or any(actor.begun and not actor.over for actor in self.actors)

    def _let_go(self, held: Held, enabled: Sequence[Held]) -> None:
        actor = held.ready.actor
        count = sum(1 for stride in self.strides if stride.ready.actor == actor)
        held.fault = self.faults.get((actor, count))
        self.choices.append(Choice(enabled=tuple([one.ready for one in enabled]), chosen=actor))
        self._belongs.running = actor
        with self._cond:
            stride = self.turnstile.release(held)
        self.strides.append(stride)
        self.settle()
        if self.ground.footprints:
            self._footprint(held, stride)

    def _footprint(self, held: Held, stride: Stride) -> None:
        pid = self.ground.backends().get(held.wire)
        if pid is not None and stride.after != "I":
            found = self.ground.watching.footprint(pid, self.ground.database)
            stride.reads, stride.writes = found.reads, found.writes

    # Until all rest

    def settle(self) -> None:
        """Wait until each actor that has begun is held, over, blocked in the database, or waits for something else."""
        deadline = time.monotonic() + self.ground.patience
        pause = _FIRST_S
        while True:
            with self._cond:
                if self._moving():
                    changes = self.turnstile.changes
                    self._cond.wait(pause)
                    changed = self.turnstile.changes != changes
                    moving = self._moving()
                else:
                    moving, changed = [], False
            if not moving:
                if self._still():
                    self._belongs.birth()
                    return
                pause = _FIRST_S
                continue
            if changed:
                pause = _FIRST_S
                continue
            self._look(moving)
            pause = min(pause * 1.5, _MOST_S)
            if time.monotonic() > deadline:
                raise Stopped("stuck", self._standstill.waiting())

    def _moving(self) -> list[Actor]:
        return [actor for actor in self.actors if self._moves(actor)]

    def _moves(self, actor: Actor) -> bool:
        """Under `cond`."""
        waits = False
        for one in self.turnstile.flights.values():
            if one.actor == actor.index:
                if not one.blocked:
                    return True
                waits = True
        if waits or not actor.begun or actor.park is not None:
            return False
        if actor.over and not self._belongs.threads(actor.index):
            return False
        return not any(held.ready.actor == actor.index for held in self.turnstile.held)

    def _still(self) -> bool:
        """Nobody rests only as it seemed: asked once more of all who wait."""
        with self._cond:
            blocked = [one for one in self.turnstile.flights.values() if one.blocked]
            parked = [actor for actor in self.actors if actor.park is not None and not actor.over]
        self.blocking(blocked)
        for actor in parked:
            if self.parked(actor) != actor.park:
                actor.park = actor.seen = None
        with self._cond:
            return not self._moving()

    def _look(self, moving: Sequence[Actor]) -> None:
        with self._cond:
            flights = [one for one in self.turnstile.flights.values() if not one.blocked]
            running = [actor for actor in moving if all(one.actor != actor.index for one in flights)]
        self.blocking(flights)
        for actor in running:
            self._look_at(actor)

    def tasks(self, actor: Actor) -> list[Task[Any]]:
        """Those that run for this actor."""
        return self._belongs.tasks(actor.index)

    def blocking(self, flights: Sequence[Flight]) -> None:
        """Ask the server who holds what these wait for."""
        if not flights:
            return
        backends = self.ground.backends()
        found = self.ground.watching.blockers([backends[one.wire] for one in flights if one.wire in backends])
        actors = self.whose(backends)
        now = time.monotonic()
        with self._cond:
            for one in flights:
                holders = found.get(backends.get(one.wire, -1), ())
                # What is no actor's is mostly over in a moment.
                known = any(pid in actors for pid in holders) or now - one.since > _OUTSIDE_S
                one.blocked = holders if known else ()
                if one.blocked and one.stride is not None:
                    one.stride.waited_for.update(actors.get(pid, -1) for pid in holders)

    def whose(self, backends: Mapping[int, int]) -> dict[int, int]:
        """Actors by the server's process: who used it last."""
        return {backends[wire]: one.actor for wire, one in list(self.turnstile.traffic.items()) if wire in backends}

    def _look_at(self, actor: Actor) -> None:
        now = self.parked(actor)
        known = actor.seen is not None and now is not None and actor.seen[0] == now
        if not known:
            actor.seen = None if now is None else (now, time.monotonic())
            return
        assert now is not None
        assert actor.seen is not None
        if now.kind == "sleep" and now.until is not None and now.until - time.monotonic() < _SHORT_S:
            return
        if now.kind == "other" and time.monotonic() - float(str(actor.seen[1])) < _QUIET_S:
            return
        if self.ground.logging_in():
            return  # a pool waits for a connection that is being made
        actor.park = now

    def parked(self, actor: Actor) -> Park | None:
        """Where the actor rests, if all that it has started does."""
        if actor.task is not None:
            if not self.ground.loop.turned(0.02):
                return Park(("loop", id(self.ground.loop.running)), "lock")
            return self._parked_tasks(actor)
        threads = [actor.thread] if actor.thread is not None and not actor.over else []
        found: Park | None = None
        for thread in threads + self._belongs.threads(actor.index):
            park = self.ground.parks.thread(thread)
            if park is None or park.kind == "other":
                return park
            found = found or park
        return found

    def _parked_tasks(self, actor: Actor) -> Park | None:
        found: list[Park] = []
        for task in self._belongs.tasks(actor.index):
            park = self.ground.parks.task(task)
            if park is None:
                return None
            if park.kind != "join":
                found.append(park)
        return min(found, key=lambda park: ("other", "sleep", "lock").index(park.kind)) if found else None
