"""Many callables: which few of them are raced, and when all are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from ..core.errors import UsageError
from ..faults.kinds.kind import Kind
from .execution import Bound
from .race import Contest, Race
from .token import Schedule

FEW = 4
"""Callables whose serial orders are all run."""
PAIR = 40
"""Orders of one pair of more callables, at most."""
Came = TypeVar("Came")


class Go(Protocol):
    """Stages a race of these callables, by their numbers, and lets `go` run it."""

    def __call__(self, among: tuple[int, ...], go: Callable[[Contest], Came], /) -> Came:
        """What `go` came to."""


def looked(go: Go, calls: int, bound: Bound, replay: str | None, faults: Sequence[Kind]) -> Race:
    """All callables at once; of many, whose serial orders are too many to run, before that those pairs that are likely
    to fail: two alone have two serial orders, and what equals neither is proven to be wrong. Raises UsageError.
    """
    everyone = tuple(range(calls))
    if replay is not None:
        among = Schedule.parse(replay).among or everyone
        if max(among) >= calls:
            raise UsageError(
                f"{replay!r} is an order of callable {max(among) + 1}, and this race has {calls}.",
                fix="run the test without --parity-replay, which prints a new one",
            )
        return go(among, lambda contest: contest.go(bound, replay=replay))
    run = 0
    if calls > FEW and not bound.serial_only:
        ends = time.monotonic() + bound.seconds / 2
        for pair in go(everyone, Contest.suspects):
            left = None if bound.schedules is None else bound.schedules - run
            seconds = ends - time.monotonic()
            if seconds <= 0 or (left is not None and left <= 0):
                break
            limit = replace(bound, schedules=PAIR if left is None else min(left, PAIR), seconds=seconds)
            race = go(pair, partial(Contest.go, bound=limit))
            run += race.schedules
            if race.verdict == "found":
                return replace(race, schedules=run)
    race = go(everyone, lambda contest: contest.go(bound, faults=faults))
    return replace(race, schedules=race.schedules + run)
