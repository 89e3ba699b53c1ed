"""A schedule in a word that can be typed: `r:2:0x3.1x2.0~5f2c`, two callables, three trips of the first, two of the second.

`r:2/3,7:…` is one of two callables of many: those with the numbers 3 and 7, from 0, are its first and its second.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ..core.errors import UsageError
from ..queries.fingerprint import shape
from .execution import Execution, Step
from .shrink import Wish
from .tables import read
from .timeline import called

PREFIX = "r"
_FORM = re.compile(r"r:(\d+)(?:/(\d+(?:,\d+)*))?:((?:\d+(?:x\d+)?)(?:\.\d+(?:x\d+)?)*)~([0-9a-f]{4})")
_EXAMPLE = "a token looks like r:2:0x3.1x2.0~5f2c, and is printed with each finding"
MOST = 10_000
"""Steps of a schedule that is replayed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """An order of trips, and what the trips said."""

    actors: int
    order: tuple[int, ...]
    checksum: str
    """Of the statements' shapes, by step: another one comes from other code."""
    among: tuple[int, ...] = ()
    """Which callables of the race ran; empty for all."""

    @classmethod
    def of(cls, run: Execution, among: tuple[int, ...] = ()) -> Schedule:
        """The schedule that was run."""
        return cls(actors=len(run.outcomes), order=run.order, checksum=checksum(run.steps), among=among)

    @property
    def token(self) -> str:
        """In one word."""
        runs = [(actor, len(list(steps))) for actor, steps in groupby(self.order)]
        said = ".".join(f"{actor}x{steps}" if steps > 1 else str(actor) for actor, steps in runs)
        among = f"/{','.join(map(str, self.among))}" if self.among else ""
        return f"{PREFIX}:{self.actors}{among}:{said}~{self.checksum}"

    @classmethod
    def parse(cls, token: str) -> Schedule:
        """The inverse of `token`.

        Raises:
            UsageError: it is no token of a schedule.
        """
        found = _FORM.fullmatch(token.strip())
        if found is None:
            raise UsageError(f"{token!r} is no schedule of a race.", fix=_EXAMPLE)
        actors, order = int(found[1]), list[int]()
        among = tuple(int(number) for number in found[2].split(",")) if found[2] else ()
        if among and len(set(among)) != actors:
            raise UsageError(f"{token!r} is one of {actors} callables, and names {len(set(among))}.", fix=_EXAMPLE)
        for part in found[3].split("."):
            actor, _, steps = part.partition("x")
            if int(actor) >= actors:
                raise UsageError(
                    f"{token!r} has {actors} callable{'s' * (actors != 1)}, counted from 0, and lets number {actor} go.",
                    fix=_EXAMPLE,
                )
            if len(order) + int(steps or 1) > MOST:
                raise UsageError(f"{token!r} has more than {MOST} steps.", fix=_EXAMPLE)
            order += [int(actor)] * int(steps or 1)
        return cls(actors=actors, order=tuple(order), checksum=found[4], among=among)

    def director(self) -> Wish:
        """Directs along it, and goes on where it cannot be followed: `diverged` then says how."""
        return Wish(self.order)

    def diverged(self, run: Execution) -> str | None:
        """How a replay differs from the schedule; None where it does not."""
        if len(run.outcomes) != self.actors:
            return f"the schedule is one of {self.actors} callables, and {len(run.outcomes)} ran"
        for at, (wanted, had) in enumerate(zip(self.order, run.order, strict=False), 1):
            if wanted != had:
                return f"at step {at} {called(wanted)} was to go, and {called(had)} went: it was not held there"
        if len(self.order) != len(run.order):
            return f"the schedule has {len(self.order)} steps, and {len(run.order)} were made"
        if checksum(run.steps) != self.checksum:
            return "the order is the same, but the statements are not those of the schedule: the code has changed"
        return None


def checksum(steps: Sequence[Step]) -> str:
    """Of who said what in which order; values do not count."""
    said = [(step.actor, *(read(sql).control or shape(sql).key for sql in step.ready.statements)) for step in steps]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:4]
