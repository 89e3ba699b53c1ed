"""One run of all actors under one director: waits until all of them rest, asks who goes, lets that one go."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from .actors import Actor
from .belonging import Belonging
from .execution import Choice, Director, Execution, Status, Step, Waiting
from .ground import Ground, Stopped
from .rest import Rest
from .standstill import Standstill
from .transactions import ends
from .turnstile import Flight, Held, Stride, Strikes, Turnstile
from .waking import can_stop, in_turn, queue

_FIRST_S = 0.0003
"""So long after an actor has gone on, it is looked at, and the server is asked whether it waits."""
_MOST_S = 0.01
_CHECKED_S = 0.002
"""So long after it began to wait a session has looked for a deadlock, where that is set to be soon."""


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
        self.rest = Rest(ground, actors, turnstile, belongs)
        self._belongs = belongs
        self._cond = turnstile.cond
        self._standstill = Standstill(self)
        self._director: Director | None = None
        self._led = False
        """All have begun: the director may be asked."""
        self._waits = False
        """The conductor's thread waits, and would be woken."""
        self._failure: BaseException | None = None
        self._steps: list[Step] = []
        """Those that do not change any more."""
        turnstile.arrived = self.arrived

    # The ways to run it

    def conduct(self, director: Director) -> None:
        """All at once, in the director's order. Raises Stopped."""
        for actor in self.actors:
            self._begin(actor)
        self._director = director
        self._to_the_end()

    def one_by_one(self, order: Sequence[int]) -> None:
        """Each begins when the last is over. Raises Stopped."""
        for index in order:
            self._begin(self.actors[index])
            self._to_the_end()

    def free(self) -> None:
        """Let them come to their end in any order, since nobody asks for this one any more. Raises Stopped."""
        self._director = None
        self._to_the_end()

    @property
    def so_far(self) -> list[Step]:
        """The steps until now."""
        steps = self._steps
        flying = [one.stride for one in self.turnstile.flights.values()]
        while len(steps) < len(self.strides) and self.strides[len(steps)] not in flying:
            steps.append(self.strides[len(steps)].step())
        return steps + [stride.step() for stride in self.strides[len(steps) :]]

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

    def _to_the_end(self) -> None:
        self._led = True
        try:
            while (enabled := self._enabled()) or self._lives():
                if enabled:
                    self._let_go(enabled)
                else:
                    self._standstill.wait()
        finally:
            self._led = False

    def _enabled(self) -> list[Held]:
        with self._cond:
            return self._first_ones()

    def _first_ones(self) -> list[Held]:
        first: dict[int, Held] = {}
        for held in self.turnstile.held:
            first.setdefault(held.ready.actor, held)
        return [first[actor] for actor in sorted(first)]

    def _lives(self) -> bool:
        with self._cond:
            return bool(self.turnstile.flights) or any(actor.begun and not actor.over for actor in self.actors)

    def _choose(self, enabled: Sequence[Held]) -> Held:
        ready = [one.ready for one in enabled]
        chosen = ready[0].actor if self._director is None else self._director.choose(ready, self.so_far)
        held = next((one for one in enabled if one.ready.actor == chosen), None)
        if held is None or chosen is None:
            raise Stopped("diverged")
        if self.faults:
            count = sum(1 for stride in self.strides if stride.ready.actor == chosen)
            held.fault = self.faults.get((chosen, count))
        self.choices.append(Choice(enabled=tuple(ready), chosen=chosen))
        self._belongs.running = chosen
        return held

    def _let_go(self, enabled: Sequence[Held]) -> None:
        held = self._choose(enabled)
        held.closes = self._closes(held)
        if held.closes:
            self._let_checks_pass()
        with self._woken_in_turn(held) as go_on:
            with self._cond:
                stride = self.turnstile.release(held)
                stride.behind = {
                    one.actor: self._holders(one) for one in self.turnstile.flights.values() if one.blocked
                }
                self.strides.append(stride)
            go_on()
        self.settle()
        if self.ground.footprints:
            self._footprint(held, stride)

    def _holders(self, flight: Flight) -> set[int]:
        actors = self.rest.whose(self.ground.backends())
        return {actors.get(pid, -1) for pid in flight.blocked}

    def _backends_of(self, held: Held) -> set[int]:
        return {one.backend for one in self.turnstile.traffic.values() if one.actor == held.ready.actor}

    def _backend(self, flight: Flight) -> int:
        return self.turnstile.traffic[flight.wire].backend

    @contextlib.contextmanager
    def _woken_in_turn(self, held: Held) -> Iterator[Callable[[], None]]:
        """Several that wait for this one go on in the order in which they came, where that can be had."""
        with self._cond:
            blocked = [one for one in self.turnstile.flights.values() if one.blocked]
        if len(blocked) < 2 or not any(ends(sql) or "unlock" in sql.lower() for sql in held.ready.statements):
            yield lambda: None
            return
        waits = queue(blocked, self._backends_of(held), self._backend)
        pids = [self._backend(one) for one in waits]
        if len(waits) < 2:
            yield lambda: None
            return
        if not self.ground.local or not all(pid and can_stop(pid) for pid in pids):
            names = " and ".join(self.actors[one.actor].name for one in waits)
            self.notes.append(f"the server chose the order in which {names} went on")
            yield lambda: None
            return

        def had(index: int) -> bool:
            with self._cond:
                if held.wire in self.turnstile.flights:
                    return False
                if waits[index].wire not in self.turnstile.flights:
                    return True
            self.rest.blocking([waits[index]])
            return bool(waits[index].blocked)

        with in_turn(pids, had, lambda _: self._pause(_FIRST_S)) as go_on:
            yield go_on

    def _pause(self, seconds: float) -> None:
        with self._cond:
            self._cond.wait(seconds)

    def arrived(self) -> bool:
        """A trip is held, told by its own thread under `cond`. Where all others are, too, who goes next is said at once:
        to wake the conductor's thread for that would take longer than most statements.
        """
        if not (self._led and self._waits) or self.ground.footprints or self.turnstile.flights:
            return False
        if any(actor.park is not None for actor in self.actors) or self.rest.moving():
            return False
        self._belongs.birth()
        try:
            held = self._choose(self._first_ones())
        except BaseException as failure:  # noqa: BLE001  # raised in the conductor's thread
            self._failure = failure
            return False
        self.strides.append(self.turnstile.release(held))
        return True

    def _closes(self, held: Held) -> bool:
        """Somebody waits for it, and it may have to wait itself."""
        if held.ready.state != "T" or all(ends(sql) for sql in held.ready.statements):
            return False
        with self._cond:
            blocked = [one for one in self.turnstile.flights.values() if one.blocked]
        return bool(blocked and queue(blocked, self._backends_of(held), self._backend))

    def _let_checks_pass(self) -> None:
        """Let those that look at once have looked before there is a deadlock: the last to wait is its victim."""
        with self._cond:
            waits = [one.blocked_at for one in self.turnstile.flights.values() if one.blocked and one.soon]
            rest = max(waits, default=0.0) + _CHECKED_S - time.monotonic()
            if rest > 0:
                self._cond.wait_for(lambda: False, rest)

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
                if self.rest.moving():
                    changes = self.turnstile.changes
                    self._waits = True
                    self._cond.wait(pause)
                    self._waits = False
                    failure, self._failure = self._failure, None
                    if failure is not None:
                        raise failure
                    changed = self.turnstile.changes != changes
                    moving = self.rest.moving()
                else:
                    moving, changed = [], False
            if not moving:
                if self.rest.still():
                    self._belongs.birth()
                    return
                pause = _FIRST_S
                continue
            if changed:
                pause = _FIRST_S
                deadline = time.monotonic() + self.ground.patience
                continue
            self.rest.look(moving)
            pause = min(pause * 1.5, _MOST_S)
            if time.monotonic() > deadline:
                raise Stopped("stuck", self._standstill.waiting())
