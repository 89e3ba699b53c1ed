"""What reports hold beside their findings: what they are about, what tests were put through, what could not be told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from typing import Any, TypeVar

from ..core.levels import Level
from .report import LoadReport, Production, RaceReport, ScenarioReport

Of = TypeVar("Of", ScenarioReport, RaceReport, LoadReport, Production)


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What one run was about."""

    level: Level
    seed: int
    started_at: str
    seconds: float
    commit: str | None
    server: str | None
    isolation: str | None
    production: Production | None
    notes: tuple[str, ...]
    interrupted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """What one test was put through in one run."""

    test: str
    level: Level
    scenarios: tuple[ScenarioReport, ...] = ()
    left_out: int = 0
    races: tuple[RaceReport, ...] = ()
    loads: tuple[LoadReport, ...] = ()


@dataclass(kw_only=True, slots=True)
class Evidence:
    """Of all reports; the same in any order of them."""

    heads: list[Head] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    untold: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often by reason and statement."""

    def add(self, data: Mapping[str, Any], level: Level) -> None:
        """One report's JSON. Fields that this version does not know are left out; raises KeyError, TypeError or ValueError."""
        production = data["production"]
        self.heads.append(
            Head(
                level=level,
                seed=int(data["seed"]),
                started_at=str(data["started_at"]),
                seconds=float(data["seconds"]),
                commit=data.get("commit"),
                server=data.get("server"),
                isolation=data.get("isolation"),
                production=_known(Production, production) if production else None,
                notes=tuple(map(str, data.get("notes", ()))),
                interrupted=bool(data["interrupted"]),
            )
        )
        for test in data["tests"]:
            tried = Tried(
                test=str(test["id"]),
                level=level,
                scenarios=tuple(_known(ScenarioReport, one) for one in test.get("scenarios", ())),
                left_out=int(test.get("left_out", 0)),
                races=tuple(_known(RaceReport, one) for one in test.get("races", ())),
                loads=tuple(_load(one) for one in test.get("loads", ())),
            )
            if tried.scenarios or tried.left_out or tried.races or tried.loads:
                self.tried.append(tried)
        self.untold.update((str(one["reason"]), str(one["statement"])) for one in data["untold"])

    def sorted_heads(self) -> list[Head]:
        """By level, then by time."""
        return sorted(self.heads, key=lambda head: (head.level, head.started_at, _whole(head)))

    def sorted_tried(self) -> list[Tried]:
        """By test; of one test the highest level first."""
        return sorted(self.tried, key=lambda tried: (tried.test, -tried.level, _whole(tried)))


_KINDS: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
}


def _known(of: type[Of], data: Mapping[str, Any]) -> Of:
    """Built of what this version knows; raises TypeError where a value is not what it should be."""
    given = {each.name: data[each.name] for each in fields(of) if each.name in data}
    for each in fields(of):
        kinds = [kind for name in str(each.type).split(" | ") for kind in _KINDS.get(name, ())]
        if each.name in given and kinds and not isinstance(given[each.name], tuple(kinds)):
            raise TypeError(f"{each.name} is {given[each.name]!r}")
    return of(**given)


def _load(data: Mapping[str, Any]) -> LoadReport:
    load = _known(LoadReport, data)
    points = tuple(
        (float(at), float(took), error) for at, took, error in load.points if isfinite(at) and isfinite(took)
    )
    latency = {str(name): float(seconds) for name, seconds in load.latency.items()}
    errors = {str(name): int(number) for name, number in load.errors.items()}
    return replace(load, points=points, latency=latency, errors=errors, notes=tuple(map(str, load.notes)))


def _whole(one: Head | Tried) -> str:
    return json.dumps(asdict(one), sort_keys=True, default=str)


def distinct(texts: Iterable[str | None]) -> list[str]:
    """Each once, in order of appearance."""
    return list(dict.fromkeys(text for text in texts if text))
