"""What a marker asks for: frozen, checked when built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import UsageError
from .levels import Level
from .suggest import closest


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """At most so much, for one test: `Budget(statements=12)`. What is None is not limited."""

    statements: int | None = None
    """Statements that the code under test sends."""
    trips: int | None = None
    """Round trips to the database."""
    rows: int | None = None
    """Rows that the database returns to the code."""

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise UsageError(
                    f"Budget({part.name}={value!r}): a budget is a whole number, zero or more.",
                    fix=f"write Budget({part.name}=12)",
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """One test's `@pytest.mark.prodparity(...)`, with the file's and class's markers merged in, nearest first."""

    queries: Budget | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    faults: object = None
    allow: tuple[str, ...] = ()
    level: Level | None = None

    @classmethod
    def from_marker(cls, args: tuple[object, ...], kwargs: Mapping[str, Any]) -> Expectation:
        """Check one marker's arguments; raises UsageError with the argument, its value and a suggestion."""
        if args:
            raise UsageError(
                f"prodparity takes keyword arguments only, got {args[0]!r}.",
                fix='write @pytest.mark.prodparity(level="staging")',
            )
        names = [part.name for part in fields(cls)]
        for key in kwargs:
            if key not in names:
                raise UsageError(
                    f"prodparity has no argument {key!r}{closest(key, names)}.", fix=f"use one of {', '.join(names)}"
                )
        said = dict(kwargs)
        _check_budget(said)
        _check_rows(said)
        _check_faults(said)
        _check_allow(said)
        if said.get("level") is not None:
            said["level"] = Level.parse(said["level"])
        return cls(**said)

    def over(self, outer: Expectation) -> Expectation:
        """This marker on top of an outer one: said here wins, `allow` and `rows` add up."""
        return Expectation(
            queries=self.queries if self.queries is not None else outer.queries,
            rows={**outer.rows, **self.rows},
            faults=self.faults if self.faults is not None else outer.faults,
            allow=tuple(dict.fromkeys((*self.allow, *outer.allow))),
            level=self.level if self.level is not None else outer.level,
        )


def _check_budget(said: dict[str, Any]) -> None:
    queries = said.get("queries")
    if queries is not None and not isinstance(queries, Budget):
        meant = queries if isinstance(queries, int) else 12
        raise UsageError(
            f"queries={queries!r} is not a Budget.",
            fix=f"from pytest_prodparity import Budget, and write queries=Budget(statements={meant})",
        )


def _check_rows(said: dict[str, Any]) -> None:
    rows = said.get("rows")
    if rows is None:
        said.pop("rows", None)
        return
    right = isinstance(rows, Mapping) and all(
        isinstance(table, str) and isinstance(count, int) and not isinstance(count, bool) and count >= 0
        for table, count in rows.items()
    )
    if not right:
        raise UsageError(f"rows={rows!r} is not a table-to-count mapping.", fix='write rows={"orders": 5_000_000}')
    said["rows"] = dict(rows)


FAULT_MODES = ("tolerate", "atomic", "off")


def _check_faults(said: dict[str, Any]) -> None:
    faults = said.get("faults")
    if isinstance(faults, str) and faults not in FAULT_MODES:
        raise UsageError(
            f"faults={faults!r} does not exist{closest(faults, FAULT_MODES)}.",
            fix=f"use one of {', '.join(FAULT_MODES)}",
        )
    if faults is None or isinstance(faults, str):
        return
    kinds = tuple(faults) if isinstance(faults, list | tuple) else ()
    wrong = next((kind for kind in kinds if not callable(getattr(kind, "strike", None))), faults if not kinds else None)
    if wrong is not None or not kinds:
        raise UsageError(
            f"faults={faults!r} is not understood" + (f": {wrong!r} is no fault." if kinds else "."),
            fix=f'use one of {", ".join(FAULT_MODES)}, or a list of faults: [ResetPeer(), SqlState("40001")]',
        )
    said["faults"] = kinds


def _check_allow(said: dict[str, Any]) -> None:
    allow = said.get("allow")
    if allow is None:
        said.pop("allow", None)
        return
    if isinstance(allow, str) or not all(isinstance(entry, str) for entry in allow):
        raise UsageError(f"allow={allow!r} is not a list of rules.", fix='write allow=["seq-scan:countries"]')
    from .rules import RULES

    for entry in allow:
        rule = entry.partition(":")[0]
        if rule not in RULES:
            raise UsageError(
                f"allow={entry!r}: rule {rule!r} does not exist{closest(rule, RULES)}.",
                fix='write "rule" or "rule:subject", such as "seq-scan:countries"',
            )
    said["allow"] = tuple(allow)
