"""The report of a run: what the report file holds, and what every rendering is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.findings import Finding, Judgement, Untold
from .whole import write_whole

FORMAT = 1
"""Raised whenever a reader of the report file would misread it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioReport:
    """One run of a test under one fault."""

    token: str
    """For `--parity-replay`."""
    fault: str
    source: str | None
    """`path:line` of the trip."""
    outcome: str
    seconds: float
    """With its fixtures, and with the way back."""
    trip: int = 0
    """Which one of the clean run's trips, from 1; 0 where it did not come to it."""
    what: str = ""
    """The trip in a word or three: `COMMIT`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RaceReport:
    """One call of `parity_race`."""

    verdict: str
    """`found`, `clean` or `cannot tell`."""
    schedules: int
    """Orders that were run, serial ones included."""
    exhausted: bool
    """Every order that can matter was run."""
    source: str | None
    """`path:line` of the call."""
    seconds: float
    why: str = ""
    """Why nothing can be told, or what was not looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadReport:
    """One call of `parity_stress`."""

    source: str | None
    """`path:line` of the call."""
    actors: int
    seconds: float
    """Of measuring."""
    rate: float | None
    """Calls a second that were due; None where each actor calls again when it is done."""
    calls: int
    throughput: float
    """Calls that ended, a second."""
    latency: Mapping[str, float]
    """Seconds, by `p50`, `p90`, `p99`, `p99.9` and `max`; empty where no call was measured."""
    measured: str
    """From when on, and what is therefore not in it."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """By `type (sqlstate)`."""
    hung: int = 0
    """Calls that had to be ended."""
    unstarted: int = 0
    """Calls that were due, and never began."""
    points: tuple[tuple[float, float, str | None], ...] = ()
    """Some calls, in order of time: when it was due, how long it took, its error. Of each stretch the slowest is there."""
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoadReport:
        """The inverse of `dataclasses.asdict`, after JSON."""
        points = tuple((at, took, error) for at, took, error in data["points"])
        return cls(**{**data, "points": points, "notes": tuple(data["notes"])})


@dataclass(frozen=True, kw_only=True, slots=True)
class TestReport:
    """One marked test."""

    __test__ = False

    id: str
    outcome: str
    """`passed`, `failed` (by itself or by its findings) or `skipped`."""
    judgement: Judgement = field(default_factory=Judgement)
    trips: int = 0
    seconds: float = 0.0
    reason: str | None = None
    """Why it was skipped, or why nothing was judged."""
    scenarios: tuple[ScenarioReport, ...] = ()
    """What it was put through."""
    left_out: int = 0
    """Scenarios for which there was no place or no time."""
    races: tuple[RaceReport, ...] = ()
    loads: tuple[LoadReport, ...] = ()
    failed_itself: bool = False
    """It failed by its own assertions or errors, not by findings alone."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with the findings in full: what a worker hands to the controller."""
        judged = self.judgement
        return {
            "id": self.id,
            "outcome": self.outcome,
            "statements": judged.statements,
            "trips": self.trips,
            "seconds": round(self.seconds, 6),
            "reason": self.reason,
            "findings": [finding.to_json() for finding in judged.findings],
            "allowed": [finding.to_json() for finding in judged.allowed],
            "untold": [untold.to_json() for untold in judged.untold],
            "scenarios": [asdict(scenario) for scenario in self.scenarios],
            "left_out": self.left_out,
            "races": [asdict(race) for race in self.races],
            "loads": [asdict(load) for load in self.loads],
            "failed_itself": self.failed_itself,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TestReport:
        """The inverse of `to_json`."""
        judgement = Judgement(
            findings=tuple(Finding.from_json(entry) for entry in data["findings"]),
            allowed=tuple(Finding.from_json(entry) for entry in data["allowed"]),
            untold=tuple(Untold.from_json(entry) for entry in data["untold"]),
            statements=data["statements"],
        )
        return cls(
            id=data["id"],
            outcome=data["outcome"],
            judgement=judgement,
            trips=data["trips"],
            seconds=data["seconds"],
            reason=data["reason"],
            scenarios=tuple(ScenarioReport(**entry) for entry in data["scenarios"]),
            left_out=data["left_out"],
            races=tuple(RaceReport(**entry) for entry in data["races"]),
            loads=tuple(LoadReport.from_json(entry) for entry in data["loads"]),
            failed_itself=data["failed_itself"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Production:
    """What the run knows of production, for the head of the report."""

    version: int
    """`server_version_num`."""
    tables: int
    size: int
    """Bytes."""
    captured_at: str
    """ISO 8601, UTC."""
    origin: str
    key: str
    """The profile's hash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One run."""

    level: str
    seed: int
    started_at: str
    """ISO 8601, UTC."""
    seconds: float
    tests: tuple[TestReport, ...]
    production: Production | None = None
    server: str | None = None
    """What the tests ran on, such as `PostgreSQL 18.6 (embedded)`; None where none was started."""
    notes: tuple[str, ...] = ()
    """What the reader must know about how far this run can be trusted."""
    interrupted: bool = False
    isolation: str | None = None
    """`delta`, or `a copy per test (why)`; None where no database was needed."""
    copies: tuple[tuple[str, str], ...] = ()
    """Tests that cost a fresh copy of the database, each with the reason."""
    leaks: tuple[tuple[str, str], ...] = ()
    """Tests that left something under way, which was ended; each with what."""
    commit: str | None = None
    """What of the project's code ran; None outside a Git repository."""

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order of the tests."""
        return [finding for test in self.tests for finding in test.judgement.findings]

    @property
    def summary(self) -> dict[str, int]:
        """The figures of the last line."""
        return {
            "tests": sum(test.outcome != "skipped" for test in self.tests),
            "tests_with_findings": sum(bool(test.judgement.findings) for test in self.tests),
            "findings": len(self.findings),
            "allowed": sum(len(test.judgement.allowed) for test in self.tests),
            "statements": sum(test.judgement.statements for test in self.tests),
            "cannot_tell": sum(len(test.judgement.untold) for test in self.tests),
            "trips": sum(test.trips for test in self.tests),
            "scenarios": sum(len(test.scenarios) for test in self.tests),
            "left_out": sum(test.left_out for test in self.tests),
            "races": sum(len(test.races) for test in self.tests),
            "schedules": sum(race.schedules for test in self.tests for race in test.races),
        }

    def to_json(self) -> dict[str, Any]:
        """The report file's content; its schema is in the reference."""
        tests = []
        for test in self.tests:
            entry = test.to_json()
            entry["findings"] = [finding["fingerprint"] for finding in entry["findings"]]
            entry["allowed"] = [finding["fingerprint"] for finding in entry["allowed"]]
            entry["untold"] = len(entry["untold"])
            tests.append(entry)
        production = self.production
        return {
            "format": FORMAT,
            "level": self.level,
            "seed": self.seed,
            "started_at": self.started_at,
            "seconds": round(self.seconds, 3),
            "interrupted": self.interrupted,
            "commit": self.commit,
            "production": None
            if production is None
            else {name: getattr(production, name) for name in Production.__slots__},
            "server": self.server,
            "isolation": self.isolation,
            "copies": [{"test": test, "reason": reason} for test, reason in self.copies],
            "leaks": [{"test": test, "left": left} for test, left in self.leaks],
            "notes": list(self.notes),
            "summary": self.summary,
            "findings": [finding.to_json() for finding in self.findings],
            "allowed": [finding.to_json() for test in self.tests for finding in test.judgement.allowed],
            "untold": [untold.to_json() for test in self.tests for untold in test.judgement.untold],
            "tests": tests,
        }


def summarise(
    facts: Sequence[Mapping[str, Any]],
    *,
    level: str,
    seed: int,
    started: datetime,
    interrupted: bool,
    isolation: Sequence[Mapping[str, Any]] = (),
    commit: str | None = None,
) -> Report:
    """One report from what the tests of a run, or of all its workers, came to; `started` is in UTC."""
    production = next((entry["production"] for entry in facts if entry["production"]), None)
    return Report(
        level=level,
        seed=seed,
        started_at=started.isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
        tests=tuple(TestReport.from_json(entry["test"]) for entry in facts),
        production=Production(**production) if production else None,
        server=next((entry["server"] for entry in facts if entry["server"]), None),
        notes=tuple(dict.fromkeys(note for entry in facts for note in entry["notes"])),
        interrupted=interrupted,
        commit=commit,
        isolation=next((entry["isolation"] for entry in reversed(isolation) if entry["isolation"]), None),
        copies=tuple((test, reason) for entry in isolation for test, reason in entry["copies"]),
        leaks=tuple((test, left) for entry in isolation for test, left in entry["leaks"]),
    )


def write(path: Path, report: Report) -> None:
    """Write the file whole or not at all; raises ProdparityError naming the path and the cause."""
    text = json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n"
    write_whole(path, text, what="report", fix="pass --parity-report=PATH with a path that can be written")


def grouped(tests: Sequence[TestReport]) -> list[tuple[Finding, list[str]]]:
    """Each distinct finding once, with the ids of all tests that met it, in order of appearance."""
    groups: dict[str, tuple[Finding, list[str]]] = {}
    for test in tests:
        for finding in test.judgement.findings:
            groups.setdefault(finding.fingerprint, (finding, []))[1].append(test.id)
    return list(groups.values())
