"""No class of outcomes is lost by what the search leaves out; what it says of its own completeness is true."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations

import pytest

from pytest_prodparity.races.execution import READ_COMMITTED, REPEATABLE_READ, Bound, Execution
from pytest_prodparity.races.search import search
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
    runs = [came_to(run) for run in all_orders(machine)]
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
    assert (schedules, orders) == (6, 14)
