"""Where two callables get into each other's way, guessed from how they ran one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .execution import Execution
from .footprint import NONE, Footprint, Knowledge, Tables, Transaction, footprint


def promises(serial: Sequence[Execution], knowledge: Knowledge) -> dict[tuple[int, int, int], int]:
    """By actor, number of its steps and other actor: how much speaks for letting the other go there.

    Most, where the actor has just read what it will write later, and the other commits a write to it; some, where it
    has just read, or will write, what the other writes.
    """
    prints = _prints(serial, knowledge)
    found: dict[tuple[int, int, int], int] = {}
    for actor, mine in prints.items():
        for other, theirs in prints.items():
            if other == actor:
                continue
            changed = _union(one.writes | one.commits for one in theirs)
            for done in range(1, len(mine)):
                seen = mine[done - 1].reads | mine[done - 1].predicates
                later = _union(one.writes for one in mine[done:])
                held = mine[done - 1].writes
                points = 4 * bool(seen & changed & later) + 2 * bool(seen & changed) + bool((later | held) & changed)
                if points:
                    found[actor, done, other] = points
    return found


def _prints(serial: Sequence[Execution], knowledge: Knowledge) -> dict[int, list[Footprint]]:
    """By actor: its steps in the order in which it comes first."""
    found: dict[int, list[Footprint]] = {}
    for run in serial:
        mine: dict[int, list[Footprint]] = {}
        open_: dict[int, Transaction] = {}
        for step in run.steps:
            transaction = open_.setdefault(step.ready.connection, Transaction())
            mine.setdefault(step.actor, []).append(footprint(step.ready, transaction, knowledge))
        for at, (actor, prints) in enumerate(mine.items()):
            if at == 0 or actor not in found:
                found[actor] = prints
    return found


def _union(sets: Iterable[Tables]) -> Tables:
    return NONE.union(*sets)
