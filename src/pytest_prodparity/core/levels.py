"""How much of production a run brings in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, Literal

from .errors import UsageError
from .latency import Latency
from .suggest import closest


class Level(IntEnum):
    """Ordered: a test marked `level="staging"` runs at `staging` and `production`."""

    OFF = 0
    DEV = 1
    STAGING = 2
    PRODUCTION = 3

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: object) -> Level:
        """The level of that name; raises UsageError with the nearest name."""
        names = [level.name.lower() for level in cls]
        if isinstance(text, cls):
            return text
        if isinstance(text, str) and text in names:
            return cls[text.upper()]
        raise UsageError(
            f"level {text!r} does not exist{closest(str(text), names)}.",
            fix=f"use one of {', '.join(names)}",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """How many of production's rows a test's database has: a share of each table's, and at most so many a table."""

    share: float = 1.0
    """0 is the schema alone, 1 is all."""
    most: int | None = None

    def __bool__(self) -> bool:
        return self.share > 0 and self.most != 0

    def __str__(self) -> str:
        if not self:
            return "none"
        share = "all" if self.share == 1 else f"{self.share * 100:.10g} %"
        return share if self.most is None else f"{share}, at most {self.most:,} a table"

    def part(self, of: int) -> Rows:
        """One row for `of`."""
        return Rows(share=self.share / of, most=None if self.most is None else math.ceil(self.most / of))

    @classmethod
    def parse(cls, said: object, level: Level) -> Rows:
        """`0`, `10_000` (at most so many a table), `"all"`, `"25%"` (at most what `level` has, unless the text says
        `"25%, at most 5_000_000"`); raises UsageError without a place in front."""
        if isinstance(said, str) and re.fullmatch(r"\d[\d_]*", said.strip()):
            said = int(said)
        if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
            return cls(share=1.0 if said else 0.0, most=said or None)
        found = _ROWS.fullmatch(said.strip().lower()) if isinstance(said, str) else None
        share = _share(found) if found else -1.0
        if found is None or not 0 <= share <= 1:
            raise UsageError(
                f"{said!r} is no number of rows{_meant(said)}.",
                fix='write "25%", "25%, at most 5_000_000", 10_000 (at most, of each table), "all", '
                "or 0 (the schema alone)",
            )
        most = int(re.sub("[_,]", "", found["most"])) if found["most"] else None
        usual = None if found["share"] == "all" else VOLUMES[level].most
        return cls(share=share, most=usual if most is None else most)


_ROWS = re.compile(r"(?P<share>all|\d+(?:\.\d+)?\s?%)(?:,?\s*at most\s*(?P<most>\d[\d_,]*)(?:\s+a table)?)?")


def _share(found: re.Match[str]) -> float:
    return 1.0 if found["share"] == "all" else float(found["share"].rstrip("% ")) / 100


def _meant(said: object) -> str:
    if isinstance(said, float) and 0 < said <= 1:
        return f" (did you mean '{said * 100:.10g}%'?)"
    return closest(said, ("all",)) if isinstance(said, str) and said.isalpha() else ""


VOLUMES: dict[Level, Rows] = {
    Level.OFF: Rows(share=0),
    Level.DEV: Rows(share=0.01, most=10_000),
    Level.STAGING: Rows(share=0.1, most=1_000_000),
    Level.PRODUCTION: Rows(share=1),
}
"""The rows that suit a level; its `most` holds for a bare percentage."""

GB = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """How far tests are put through faults; what does not fit is counted."""

    scenarios: int = 0
    """At most so many for a test; 0 is none."""
    lasting: bool = False
    """Also faults that last: for a while, and to the end of the test."""
    seconds: float = 60.0
    """At most so long for one test."""
    run_seconds: float = 1800.0
    """At most so long for a whole run, in each worker."""

    def __bool__(self) -> bool:
        return self.scenarios > 0

    @classmethod
    def parse(cls, said: object, level: Level) -> Faults:
        """`"off"`, `40`, `{ scenarios = 40, seconds = 60 }`; raises UsageError without a place in front."""
        usual = DIALS[level].faults or DIALS[Level.STAGING].faults
        if said in ("off", 0) and not isinstance(said, bool):
            return cls()
        table = {"scenarios": said} if isinstance(said, int) and not isinstance(said, bool) else said
        known = {part.name: type(getattr(usual, part.name)) for part in fields(cls)}
        if isinstance(table, dict) and not (unknown := [key for key in table if key not in known]):
            wrong = [key for key, value in table.items() if not _suits(value, known[key])]
            if not wrong:
                return replace(usual, **table)
            raise UsageError(
                f"faults.{wrong[0]}: {table[wrong[0]]!r} is no {'yes or no' if known[wrong[0]] is bool else 'number'}.",
                fix="write faults = { scenarios = 40, seconds = 60 }",
            )
        named = (
            f"{said!r} is no number of scenarios" if not isinstance(table, dict) else f"{unknown[0]!r} does not exist"
        )
        near = "" if not isinstance(table, dict) else closest(unknown[0], known)
        raise UsageError(
            f"faults: {named}{near}.",
            fix='write faults = "off", faults = 40, or faults = { scenarios = 40, seconds = 60 }',
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Races:
    """How far `parity_race` looks; what it has not looked at it says."""

    schedules: int | None = 0
    """At most so many orders for one call, beside the serial ones; None: until all are run. 0: the serial ones alone."""
    seconds: float = 30.0
    """At most so long for one call."""

    @classmethod
    def parse(cls, said: object, level: Level) -> Races:
        """`"off"`, `500`, `"all"`, `{ schedules = 500, seconds = 60 }`; raises UsageError without a place in front."""
        usual = DIALS[level].races
        table = said if isinstance(said, dict) else {"schedules": said}
        given: dict[str, Any] = {}
        for key, value in table.items():
            if key == "schedules" and value in ("off", "all") and isinstance(value, str):
                given[key] = 0 if value == "off" else None
            elif (key == "schedules" and _suits(value, int)) or (key == "seconds" and _suits(value, float) and value):
                given[key] = value
            else:
                known = [part.name for part in fields(cls)]
                said = repr(value) if key in known else f"{key!r}{closest(key, known)}"
                raise UsageError(
                    f"races: {said} is not understood.",
                    fix='write races = "off", 500, "all", or { schedules = 500, seconds = 60 }',
                )
        return replace(usual, **given)


def _suits(value: object, kind: type) -> bool:
    if kind is bool or isinstance(value, bool):
        return isinstance(value, bool) and kind is bool
    return isinstance(value, int | float if kind is float else int) and value >= 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Dials:
    """What one level turns on. Each can be set in `[tool.prodparity.levels.NAME]`."""

    twin: bool
    """Are statements judged by production's plans?"""
    rows: Rows
    """With how many rows does a test's database begin?"""
    growth: bool = False
    """Is each test rehearsed on a quarter of the rows, to see what grows?"""
    faults: Faults = Faults()
    """How far is each test put through faults?"""
    races: Races = Races()
    """How far does `parity_race` look?"""
    environment: bool = False
    """Are variables hidden that production's manifest does not have?"""
    max_bytes: int = 20 * GB
    """A volume that is estimated larger is not built."""
    latency: Latency | Literal["median", "tail"] | None = None
    """How much longer does a round trip take: so much, or what the profile says of production."""


DIALS: dict[Level, Dials] = {
    Level.OFF: Dials(twin=False, rows=VOLUMES[Level.OFF]),
    Level.DEV: Dials(twin=True, rows=VOLUMES[Level.DEV], races=Races(schedules=50), environment=True, max_bytes=2 * GB),
    Level.STAGING: Dials(
        twin=True,
        rows=VOLUMES[Level.STAGING],
        growth=True,
        faults=Faults(scenarios=40),
        races=Races(schedules=500, seconds=60.0),
        environment=True,
        max_bytes=10 * GB,
        latency="median",
    ),
    Level.PRODUCTION: Dials(
        twin=True,
        rows=VOLUMES[Level.PRODUCTION],
        growth=True,
        faults=Faults(scenarios=200, lasting=True, seconds=300, run_seconds=7200),
        races=Races(schedules=None, seconds=300.0),
        environment=True,
        max_bytes=100 * GB,
        latency="tail",
    ),
}

_LATENCY_KEYS = ("ms", "jitter", "p99", "kb_per_s")


def parse_latency(said: object) -> Latency | Literal["median", "tail"] | None:
    """`0`, `1.2` (milliseconds), `{ms = 1.2, jitter = 0.4}`, `"median"`, `"tail"`; raises UsageError without a place."""
    if said == "median":
        return "median"
    if said == "tail":
        return "tail"
    if isinstance(said, (int, float)) and not isinstance(said, bool):
        return Latency(ms=said) if said else None
    if isinstance(said, dict) and "ms" in said:
        for key in said:
            if key not in _LATENCY_KEYS:
                raise UsageError(
                    f"a latency has no {key!r}{closest(key, _LATENCY_KEYS)}.", fix=f"use {', '.join(_LATENCY_KEYS)}"
                )
        return Latency(**said)
    raise UsageError(
        f"{said!r} is no latency.",
        fix='write { ms = 1.2, jitter = 0.4 } in milliseconds, "median" or "tail" of the profile\'s round trips, or 0 for none',
    )


UNITS = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": GB, "tb": GB << 10}


def parse_bytes(said: object) -> int:
    """`20_000_000`, `"500 MB"`, `"1.5GB"`, in powers of 1024 as PostgreSQL has them; raises UsageError without a place."""
    if isinstance(said, int) and not isinstance(said, bool) and said > 0:
        return said
    if isinstance(said, str):
        found = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)\s*([a-z]*)", said.strip().lower())
        if found and found[2] in UNITS and (size := int(float(found[1].replace("_", "")) * UNITS[found[2]])) > 0:
            return size
        if found and found[2] not in UNITS and found[2]:
            raise UsageError(
                f"{said!r} is no size: {found[2]!r} is no unit{closest(found[2], UNITS)}.",
                fix='write "500 MB" or "20 GB"',
            )
    raise UsageError(f"{said!r} is no size.", fix='write "500 MB" or "20 GB"')
