"""What a rule is given and what it gives."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ...core.expectation import Expectation
from ...core.findings import Finding, Remedy, Source, Untold
from ...core.rules import RULES
from ...profile.model import Profile
from ...twin.plan import CannotTell
from ...wire.trip import Trip
from ..growth import Growth, Slope
from ..loops import Frame
from ..pauses import Pause
from ..planning import Plans
from ..reading import Reading
from ..statements import Execution, Group, Sorted
from ..wording import lines


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding and the group of executions that it is about; None where it is about the test as a whole."""

    group: Group | None
    finding: Finding


@dataclass(slots=True)
class Evidence:
    """Everything that is known about one test's statements."""

    test: str
    trips: tuple[Trip, ...]
    sorted: Sorted
    expectation: Expectation
    profile: Profile | None = None
    plans: Plans | None = None
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    root: Path = field(default_factory=Path)
    """What the paths of stacks are relative to."""
    left_open: Collection[int] = ()
    """Numbers of the connections that were still open when the test's call ended."""
    growth: Growth | None = None
    untold: dict[int, Untold] = field(default_factory=dict)
    """By `id` of the group."""
    _readings: dict[int, tuple[Reading | CannotTell, Execution]] = field(default_factory=dict)
    _read: list[tuple[Group, Reading]] | None = None

    @property
    def test_path(self) -> str:
        """The test's file."""
        return self.test.partition("::")[0]

    @property
    def test_function(self) -> str:
        """The test function's name, without parameters."""
        return self.test.rpartition("::")[2].partition("[")[0]

    def threshold(self, rule: str, key: str) -> float:
        """The project's threshold, or the rule's own."""
        return float(self.thresholds.get(rule, {}).get(key, RULES[rule].thresholds[key]))

    def slope(self, group: Group) -> Slope | None:
        """How the statement grew with the volume; None where the test ran at one volume only."""
        return self.growth.slope(group) if self.growth is not None else None

    def asked(self, group: Group) -> tuple[Reading | CannotTell, Execution]:
        """Production's worst plan of a group, read, and the execution that it belongs to."""
        if id(group) not in self._readings:
            self._readings[id(group)] = self._ask(group)
        return self._readings[id(group)]

    def _ask(self, group: Group) -> tuple[Reading | CannotTell, Execution]:
        first = group.executions[0]
        if self.plans is None or self.profile is None:
            return CannotTell("no profile"), first
        if any(execution.statement.cut for execution in group.executions):
            return CannotTell("the statement is too long to be kept"), first
        plan, execution = self.plans.worst(group)
        if isinstance(plan, CannotTell):
            return plan, execution
        return self.plans.reading(plan, self.profile, group.shape.words), execution

    def typical(self, group: Group) -> tuple[Reading, Execution] | None:
        """The plan for rarer values than the test's, where those are among production's most common ones."""
        if self.plans is None or self.profile is None:
            return None
        found = self.plans.typical(self.asked(group)[1])
        return None if found is None else (self.plans.reading(found[0], self.profile, group.shape.words), found[1])

    def reading(self, group: Group) -> Reading | None:
        """Production's plan, None where there is none."""
        found = self.asked(group)[0]
        return found if isinstance(found, Reading) else None

    def readings(self) -> list[tuple[Group, Reading]]:
        """All groups that have a plan."""
        if self._read is None:
            asked = [(group, self.reading(group)) for group in self.sorted.groups]
            self._read = [(group, reading) for group, reading in asked if reading is not None]
        return self._read

    def cannot_tell(self, group: Group, reason: str) -> None:
        """Nothing can be said about a group; a finding of another rule overrules this."""
        self.untold.setdefault(
            id(group), Untold(statement=group.sql, reason=reason, source=group.source, test=self.test)
        )

    def in_test_itself(self, source: Source | None) -> bool:
        """Is that line in the body of the test function, as against the code under test?"""
        return source is not None and self.is_test_frame(Frame(source.path, source.line, source.function))

    def is_test_frame(self, at: Frame) -> bool:
        """Is it the test function's own frame, or that of a comprehension or lambda in it?"""
        own = re.sub(r"(\.<locals>\.<\w+>)+$", "", at.function).rpartition(".")[2]
        return at.path == self.test_path and own == self.test_function

    def claim(
        self, rule: str, group: Group, *, title: str, subject: str, production: str | None = None,
        details: dict[str, Any] | None = None, remedy: Remedy | None = None,
    ) -> Claim:  # fmt: skip
        """A finding about a group, with what all findings carry."""
        reading = self.reading(group)
        if production and self.plans is not None:
            keys = self.plans.representative(group.executions[0])[1]
            production += f" (for the {' and '.join(keys)} with most rows)" if keys else ""
        return Claim(
            group,
            Finding(
                rule=rule, title=title, subject=subject, test=self.test, source=group.source, statement=group.sql,
                production=production, plan=lines(reading) if reading else (),
                details={"executions": len(group.executions), "called_from": list(group.executions[0].trip.stack[1:4]), **(details or {})}, remedy=remedy,
            ),
        )  # fmt: skip


class Rule(Protocol):
    """One kind of problem."""

    id: str

    def find(self, evidence: Evidence) -> Iterator[Claim]:
        """Every place where the test has it."""
