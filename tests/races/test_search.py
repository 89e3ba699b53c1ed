"""No class of outcomes is lost by what the search leaves out; what it says of its own completeness is true."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count, groupby, permutations

import pytest

from pytest_prodparity.races.execution import READ_COMMITTED, REPEATABLE_READ, Bound, Director, Execution, Ready, Step
from pytest_prodparity.races.search import Unclear, search
from tests.races.machine import Machine, Op, Seen, all_orders, came_to

ALL = Bound(seconds=60)


def read(table: str, *, auto: bool = False) -> Op:
    return Op("read", (table, 1), auto=auto)


def lock(table: str, row: int = 1) -> Op:
    return Op("lock", (table, row))


def add(table: str, amount: int, row: int = 1, *, auto: bool = False) -> Op:
    """The database adds: the row as it is when the lock is there."""
    return Op("write", (table, row), lambda seen, now: now + amount, auto=auto)


def store(table: str, amount: int, row: int = 1, *, of: str = "") -> Op:
    """Python adds: to what was read."""
    source = of or f"{table}{row}"

    def value(seen: Seen, now: int) -> int:
        return seen.get(source, 0) + amount

    return Op("write", (table, row), value)


COMMIT = Op("commit")
LOST_UPDATE = [read("a"), store("a", 1), COMMIT]


def serial(machine: Machine) -> list[Execution]:
    return [machine.run(None, serially=order) for order in permutations(range(len(machine.programs)))]


def outcomes(machine: Machine) -> tuple[set[str], int, bool]:
    """What a search that finds nothing wrong has seen, in how many schedules, and whether it says that it was all."""
    seen: set[str] = set()

    def judge(run: Execution) -> str | None:
        seen.add(came_to(run))
        return None

    found = search(machine.run, serial(machine), judge, ALL)
    assert found.verdict == "clean"
    return seen, found.schedules, found.exhausted


def truth(machine: Machine) -> tuple[set[str], int]:
    runs = [came_to(run) for run in all_orders(machine.run)]
    return set(runs), len(runs)


def drawn(seed: int, actors: int, length: int) -> Machine:
    """Random programs over two tables of two rows."""
    chance = random.Random(seed)
    programs: list[Sequence[Op]] = []
    for actor in range(actors):
        ops: list[Op] = []
        for _ in range(chance.randint(1, length)):
            table, row = chance.choice("ab"), chance.choice((1, 2))
            kind = chance.choice(("read", "read", "store", "store", "add", "lock", "commit"))
            ops.append(
                {
                    "read": read(table),
                    "store": store(table, 10**actor, row, of=f"{chance.choice('ab')}{chance.choice((1, 2))}"),
                    "add": add(table, 10**actor, row),
                    "lock": lock(table, row),
                    "commit": COMMIT,
                }[kind]
            )
        if chance.random() < 0.3:
            ops = [Op(op.kind, op.row, op.value, auto=True) for op in ops if op.kind in ("read", "write")]
        else:
            while ops and ops[0].kind == "commit":
                ops.pop(0)
            ops = [op for at, op in enumerate(ops) if op.kind != "commit" or ops[at - 1].kind != "commit"]
            if ops and ops[-1].kind != "commit":
                ops.append(COMMIT)
        programs.append(ops or [add("a", 1, auto=True)])
    levels = [chance.choice((READ_COMMITTED, READ_COMMITTED, REPEATABLE_READ)) for _ in programs]
    rows = {(table, row): 0 for table in "ab" for row in (1, 2)}
    return Machine(programs, rows, levels)


@pytest.mark.parametrize("seed", range(60))
def test_two_actors_lose_no_class_of_outcomes(seed: int) -> None:
    machine = drawn(seed, 2, 4)
    seen, _, exhausted = outcomes(machine)
    assert exhausted
    assert seen == truth(machine)[0]


@pytest.mark.parametrize("seed", range(25))
def test_three_actors_lose_no_class_of_outcomes(seed: int) -> None:
    machine = drawn(1000 + seed, 3, 2)
    seen, _, exhausted = outcomes(machine)
    assert exhausted
    assert seen == truth(machine)[0]


def test_most_orders_of_a_lost_update_need_not_be_run() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    seen, schedules, _ = outcomes(machine)
    all_seen, orders = truth(machine)
    assert seen == all_seen
    assert (schedules, orders) == (6 + 2, 14)


def lost(run: Execution) -> str | None:
    """Two that add one leave two, in every serial order."""
    return None if run.notes == ("[(('a', 1), 2)]",) else "rows"


def test_a_lost_update_is_found_soon_and_made_as_short_as_can_be() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})

    found = search(machine.run, serial(machine), lost, ALL)

    assert found.verdict == "found"
    assert found.schedules <= 16
    assert found.failing is not None
    assert lost(found.failing) == "rows"
    assert len(list(groupby(found.failing.order))) == 3
    assert found.failing.order[:2] == (0, 1)


def test_where_it_is_guessed_to_fail_is_tried_first() -> None:
    quiet = [read("b"), add("b", 1), add("c", 1), add("d", 1), COMMIT]
    machine = Machine([[*quiet, *LOST_UPDATE], [*quiet, *LOST_UPDATE]], {(t, 1): 0 for t in "abcd"})
    runs: list[Execution] = []

    def judge(run: Execution) -> str | None:
        runs.append(run)
        return None if "(('a', 1), 2)" in run.notes[0] else "rows"

    found = search(machine.run, serial(machine), judge, ALL)

    assert found.verdict == "found"
    assert next(at for at, run in enumerate(runs) if "(('a', 1), 2)" not in run.notes[0]) <= 5


def test_what_fails_one_after_the_other_is_found_without_a_schedule() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    found = search(machine.run, serial(machine), lambda run: "always", ALL)

    assert (found.verdict, found.schedules, found.exhausted) == ("found", 0, False)


def test_only_serial_orders_are_no_proof() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    found = search(machine.run, serial(machine), lost, Bound(serial_only=True))

    assert (found.verdict, found.schedules, found.exhausted) == ("clean", 0, False)
    assert found.why == "only the serial orders were run"


def test_a_bound_is_kept_and_said() -> None:
    machine = Machine([[read("a"), add("a", 1), add("b", 1), COMMIT] * 2] * 3, {("a", 1): 0, ("b", 1): 0})
    found = search(machine.run, serial(machine), lambda run: None, Bound(schedules=40))

    assert (found.verdict, found.schedules, found.exhausted) == ("clean", 40, False)
    assert "left to chance" in found.why


@pytest.mark.parametrize("bound", [Bound(schedules=0), Bound(seconds=0)])
def test_a_bound_of_nothing_runs_nothing(bound: Bound) -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    found = search(machine.run, serial(machine), lost, bound)

    assert (found.schedules, found.exhausted) == (0, False)
    assert "stopped by the bound" in found.why


def test_what_cannot_be_judged_one_after_the_other_is_not_searched() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    found = search(machine.run, serial(machine), lambda run: Unclear("too many rows"), ALL)

    assert (found.verdict, found.schedules, found.why) == ("cannot tell", 0, "too many rows")


def test_a_bound_in_seconds_is_kept() -> None:
    machine = Machine([[read("a"), add("a", 1), add("b", 1), COMMIT] * 2] * 4, {("a", 1): 0, ("b", 1): 0})
    found = search(machine.run, serial(machine), lambda run: None, Bound(seconds=0.3))

    assert found.verdict == "clean"
    assert not found.exhausted
    assert found.seconds < 5


def test_chance_finds_what_takes_many_preemptions_and_repeats_itself() -> None:
    long = [read("a"), COMMIT] * 6 + [read("a"), store("a", 1), COMMIT]
    machine = Machine([long] * 3, {("a", 1): 0})

    def judge(run: Execution) -> str | None:
        return None if "(('a', 1), 1)" not in run.notes[0] else "all lost"

    found = [search(machine.run, serial(machine), judge, Bound(schedules=300, seed=7)) for _ in range(2)]

    assert found[0].verdict == "found"
    assert found[0].schedules == found[1].schedules


def test_a_schedule_that_cannot_be_judged_leaves_nothing_told() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    found = search(
        machine.run, serial(machine), lambda run: Unclear("no delta") if run.order[:2] == (0, 1) else None, ALL
    )

    assert (found.verdict, found.why, found.exhausted) == ("cannot tell", "no delta", False)


@dataclass
class Moody:
    """Every third run, the second actor is not there at first."""

    machine: Machine
    every: int
    runs: int = 0

    def run(self, director: Director) -> Execution:
        self.runs += 1
        mood = self.runs % self.every == 0
        hidden = director

        @dataclass
        class Late:
            seen: list[int] = field(default_factory=list)

            def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:
                late = [ready for ready in enabled if ready.actor == 0] if mood and len(so_far) < 2 else []
                return hidden.choose(late or enabled, so_far)

        return self.machine.run(Late())


def test_what_does_not_repeat_itself_is_tried_again_and_else_not_called_exhausted() -> None:
    sometimes = Moody(Machine([LOST_UPDATE] * 2, {("a", 1): 0}), every=5)
    found = search(sometimes.run, serial(sometimes.machine), lambda run: None, ALL)
    assert found.verdict == "clean"

    always = Moody(Machine([LOST_UPDATE] * 2, {("a", 1): 0}), every=1)
    moods = count()

    def run(director: Director) -> Execution:
        return always.run(director) if next(moods) // 4 % 2 else always.machine.run(director)

    found = search(run, serial(always.machine), lambda run: None, ALL)
    assert (found.verdict, found.exhausted) == ("clean", False)
    assert "came out differently" in found.why


def test_what_was_prepared_meanwhile_is_no_lack_of_repetition() -> None:
    warm = Moody(Machine([LOST_UPDATE] * 2, {("a", 1): 0}), every=1)
    cold = iter([True])

    def run(director: Director) -> Execution:
        return warm.machine.run(director) if next(cold, False) else warm.run(director)

    found = search(run, serial(warm.machine), lambda run: None, ALL)
    assert (found.verdict, found.exhausted, found.why) == ("clean", True, "")


def test_nothing_is_told_where_no_schedule_could_be_followed() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})
    diverged = replace(serial(machine)[0], status="diverged")
    found = search(lambda director: diverged, [], lambda run: None, ALL)

    assert found.verdict == "cannot tell"
    assert "came out differently" in found.why


def test_an_order_that_the_server_chose_is_no_proof() -> None:
    machine = Machine([LOST_UPDATE] * 2, {("a", 1): 0})

    def run(director: Director) -> Execution:
        return replace(machine.run(director), notes=("the server chose the order of two waiters",))

    found = search(run, serial(machine), lambda run: None, ALL)

    assert (found.verdict, found.exhausted) == ("clean", False)
    assert "the server chose" in found.why


def test_what_the_server_locks_is_learned_and_the_orders_are_gone_through_again() -> None:
    machine = Machine([[add("a", 1), COMMIT], [add("b", 1), COMMIT]], {("a", 1): 0, ("b", 1): 0})

    def run(director: Director) -> Execution:
        made = machine.run(director)
        return replace(made, steps=tuple(replace(step, writes=frozenset({"public.log"})) for step in made.steps))

    apart = search(machine.run, serial(machine), lambda run: None, ALL)
    together = search(run, serial(machine), lambda run: None, ALL)

    assert apart.exhausted
    assert together.exhausted
    assert together.schedules > apart.schedules


def test_trips_that_touch_nothing_of_each_other_need_few_orders() -> None:
    machine = Machine([[read("a")] * 5 + [COMMIT]] * 2, {("a", 1): 0})
    assert outcomes(machine)[1:] == (7 + 5, True)
    assert truth(machine)[1] == 924


def test_each_is_interrupted_at_each_trip_for_what_they_share_in_memory() -> None:
    machine = Machine([[read("a")] * 4 + [COMMIT]] * 2, {("a", 1): 0})

    for one, other in ((0, 1), (1, 0)):
        for done in range(1, 5):
            order = (one,) * done + (other,) * 5 + (one,) * (5 - done)

            def judge(run: Execution, order: tuple[int, ...] = order) -> str | None:
                return "stale" if run.order == order else None

            assert search(machine.run, serial(machine), judge, ALL).verdict == "found"


def test_one_actor_has_one_order() -> None:
    machine = Machine([LOST_UPDATE], {("a", 1): 0})
    assert outcomes(machine)[1:] == (1, True)
