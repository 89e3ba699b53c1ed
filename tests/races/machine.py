"""A small world with snapshots and row locks, in which every order can be run: the ground truth of the search.

It is no database and stands for none: it is a program whose orders can be counted. Tables hold numbers by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pytest_prodparity.races.execution import (
    READ_COMMITTED,
    Choice,
    Director,
    Execution,
    Outcome,
    Ready,
    Step,
    Waiting,
)

Row = tuple[str, int]
Seen = dict[str, int]


@dataclass(frozen=True)
class Op:
    """One trip of an actor."""

    kind: str
    """read, write, lock, commit."""
    row: Row = ("", 0)
    value: Callable[[Seen, int], int] = lambda seen, now: now
    """Of a write: from what was read, and what the row holds when the lock is there."""
    auto: bool = False
    """A statement without a transaction around it."""

    @property
    def sql(self) -> str:
        table = self.row[0]
        return {
            "read": f"SELECT v FROM {table}",
            "write": f"UPDATE {table} SET v = $1 WHERE id = $2",
            "lock": f"SELECT v FROM {table} WHERE id = $1 FOR UPDATE",
            "commit": "COMMIT",
            "rollback": "ROLLBACK",
        }[self.kind]


@dataclass
class Actor:
    ops: Sequence[Op]
    isolation: str = READ_COMMITTED
    at: int = 0
    seen: Seen = field(default_factory=dict)
    snapshot: dict[Row, int] | None = None
    version: int = 0
    written: dict[Row, int] = field(default_factory=dict)
    locked: set[Row] = field(default_factory=set)
    state: str = "I"
    waits: Row | None = None
    error: str | None = None


@dataclass
class World:
    """All that one schedule changes."""

    actors: list[Actor]
    rows: dict[Row, int]
    changed: dict[Row, int] = field(default_factory=dict)
    """By row: when it was last committed."""
    time: int = 0
    queues: dict[Row, list[int]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)


@dataclass
class Machine:
    """A `Conductor`. Actors are lists of operations; each runs in transactions, or statement by statement."""

    programs: Sequence[Sequence[Op]]
    rows: dict[Row, int]
    isolation: Sequence[str] = ()
    runs: int = 0

    def run(self, director: Director | None, *, serially: Sequence[int] | None = None) -> Execution:
        self.runs += 1
        levels = self.isolation or [READ_COMMITTED] * len(self.programs)
        world = World([Actor(ops, level) for ops, level in zip(self.programs, levels, strict=True)], dict(self.rows))
        while True:
            enabled = tuple(self.ready(world, actor) for actor in range(len(world.actors)) if self.held(world, actor))
            if not enabled:
                return self.told(world, "done")
            if serially is not None:
                chosen: int | None = next(actor for actor in serially if self.held(world, actor))
            else:
                assert director is not None
                chosen = director.choose(enabled, tuple(world.steps))
            if chosen is None:
                return self.told(world, "diverged")
            self.go(world, next(ready for ready in enabled if ready.actor == chosen), enabled)

    def held(self, world: World, number: int) -> bool:
        actor = world.actors[number]
        return actor.waits is None and (actor.at < len(actor.ops) or actor.state == "E")

    def ready(self, world: World, number: int) -> Ready:
        actor = world.actors[number]
        op = Op("rollback") if actor.state == "E" else actor.ops[actor.at]
        state = actor.state if actor.state != "I" or op.auto else "T"
        return Ready(
            actor=number,
            connection=number + 1,
            statements=(op.sql,),
            state=state,
            isolation=actor.isolation,
            source=None,
        )

    def go(self, world: World, ready: Ready, enabled: tuple[Ready, ...]) -> None:
        world.time += 1
        world.choices.append(Choice(enabled=enabled, chosen=ready.actor))
        world.steps.append(Step(ready=ready, started=world.time, ended=None))
        actor = world.actors[ready.actor]
        if actor.state == "E":
            self.end(world, ready.actor, committed=False)
            actor.at = len(actor.ops)
            self.answered(world, ready.actor, "I")
            return
        op = actor.ops[actor.at]
        if not op.auto:
            actor.state = "T"
        if op.kind != "commit" and (actor.snapshot is None or actor.isolation == READ_COMMITTED):
            actor.snapshot, actor.version = dict(world.rows), world.time
        self.carry_on(world, ready.actor)

    def carry_on(self, world: World, number: int) -> None:
        """The actor's present operation, from its beginning or after a wait."""
        actor = world.actors[number]
        op = actor.ops[actor.at]
        assert actor.snapshot is not None or op.kind == "commit"
        if op.kind == "read":
            for row in sorted(self.rows):
                if row[0] == op.row[0]:
                    actor.seen[f"{row[0]}{row[1]}"] = actor.written.get(row, (actor.snapshot or {})[row])
        elif op.kind in ("write", "lock"):
            holders = [other for other, each in enumerate(world.actors) if op.row in each.locked and other != number]
            if holders:
                self.wait(world, number, op.row, holders[0])
                return
            if actor.isolation != READ_COMMITTED and world.changed.get(op.row, 0) > actor.version:
                self.fail(world, number, "40001")
                return
            actor.locked.add(op.row)
            now = actor.written.get(op.row, world.rows[op.row])
            if op.kind == "lock":
                actor.seen[f"{op.row[0]}{op.row[1]}"] = now
            else:
                actor.written[op.row] = op.value(actor.seen, now)
        actor.at += 1
        ends = op.kind == "commit" or op.auto
        self.answered(world, number, "I" if ends else "T")
        if ends:
            self.end(world, number, committed=True)

    def wait(self, world: World, number: int, row: Row, holder: int) -> None:
        actor = world.actors[number]
        actor.waits = row
        queue = world.queues.setdefault(row, [])
        queue.append(number)
        self.mark(world, number, waited_for=(holder,))
        at, seen = holder, {number}
        while at not in seen:
            seen.add(at)
            wanted = world.actors[at].waits
            if wanted is None:
                return
            at = next(other for other, each in enumerate(world.actors) if wanted in each.locked)
        if at == number:
            queue.remove(number)
            actor.waits = None
            self.fail(world, number, "40P01")

    def fail(self, world: World, number: int, sqlstate: str) -> None:
        actor = world.actors[number]
        actor.error = sqlstate
        auto = actor.ops[actor.at].auto
        self.mark(world, number, sqlstate=sqlstate)
        self.answered(world, number, "I" if auto else "E")
        self.end(world, number, committed=False)
        if auto:
            actor.at = len(actor.ops)
        else:
            actor.state = "E"

    def end(self, world: World, number: int, *, committed: bool) -> None:
        """COMMIT or the loss of all: the first in each queue goes on."""
        actor = world.actors[number]
        world.time += 1
        if committed:
            world.rows.update(actor.written)
            world.changed.update(dict.fromkeys(actor.written, world.time))
        freed = sorted(actor.locked)
        actor.written, actor.locked, actor.snapshot, actor.state = {}, set(), None, "I"
        for row in freed:
            queue = world.queues.get(row, [])
            while queue and not any(row in each.locked for each in world.actors):
                woken = queue.pop(0)
                world.actors[woken].waits = None
                self.carry_on(world, woken)

    def mark(self, world: World, number: int, **what: object) -> None:
        at = max(at for at, step in enumerate(world.steps) if step.actor == number)
        world.steps[at] = replace(world.steps[at], **what)  # type: ignore[arg-type]

    def answered(self, world: World, number: int, after: str) -> None:
        world.time += 1
        self.mark(world, number, ended=float(world.time), after=after)

    def told(self, world: World, status: str) -> Execution:
        assert status != "done" or not any(actor.waits for actor in world.actors)
        return Execution(
            steps=tuple(world.steps),
            choices=tuple(world.choices),
            outcomes=tuple(Outcome(value=(dict(actor.seen), actor.error)) for actor in world.actors),
            status=status,  # type: ignore[arg-type]
            waiting=tuple(Waiting(actor=n, on="database") for n, each in enumerate(world.actors) if each.waits),
            notes=(repr(sorted(world.rows.items())),),
        )


def came_to(run: Execution) -> str:
    """What a schedule came to, as a text that is equal for equal outcomes."""
    return repr(([outcome.value for outcome in run.outcomes], run.notes))


@dataclass
class Following:
    """Directs along a list; notes who else could have gone."""

    order: Sequence[int]
    enabled: list[tuple[int, ...]] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)

    def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:
        actors = tuple(ready.actor for ready in enabled)
        at = len(self.enabled)
        self.enabled.append(actors)
        self.chosen.append(self.order[at] if at < len(self.order) else actors[0])
        return self.chosen[-1]


def all_orders(run: Callable[[Director], Execution]) -> Iterator[Execution]:
    """Every order, without any reduction."""
    todo: list[tuple[int, ...]] = [()]
    while todo:
        order = todo.pop()
        director = Following(order)
        yield run(director)
        for at in range(len(order), len(director.chosen)):
            todo += [(*director.chosen[:at], other) for other in director.enabled[at] if other != director.chosen[at]]
