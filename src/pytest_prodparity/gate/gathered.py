"""What report files hold between them: each finding once, each test once, in any order of the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern
from typing import Any

from ..core.errors import ProdparityError, UsageError
from ..core.findings import Finding
from ..core.levels import Level
from .evidence import Evidence
from .quiet import uncollected
from .report import FORMAT


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The head of one report."""

    level: Level
    seed: int
    commit: str | None
    profile: str | None
    """The key of the profile it was held against; None where nothing was judged or none was there."""
    started_at: str
    interrupted: bool
    statements: int
    cannot_tell: int
    scenarios: int
    left_out: int


@dataclass(kw_only=True, slots=True)
class Met:
    """One finding, wherever it was met. What is shown of it is what the highest level says."""

    rule: str
    title: str
    subject: str
    path: str
    """Of its file; of the test's where it has no line."""
    line: int | None
    fingerprint: str
    test: str
    level: Level
    lowest: Level
    """The lowest level at which it was met."""
    tests: set[str]
    places: set[str]
    """`path:line`, once each."""
    rank: tuple[int, str, str, str, str]
    """The least is shown."""
    full: Finding | None = None
    """With all its evidence, where that was asked for."""

    @property
    def source(self) -> str:
        """`path:line`, or the test."""
        return self.test if self.line is None else f"{self.path}:{self.line}"


@dataclass(kw_only=True, slots=True)
class Gathered:
    """Some report files, added up. Add with `add`."""

    keep: bool = False
    """Keep all evidence of each finding: what renderings need and a verdict does not."""
    runs: list[Run] = field(default_factory=list)
    findings: dict[str, Met] = field(default_factory=dict)
    allowed: int = 0
    tests: dict[str, Level] = field(default_factory=dict)
    """Those that ran, each with the highest level at which it did."""
    skipped: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    """Tests that failed by themselves."""
    evidence: Evidence = field(default_factory=Evidence)
    """With `keep`."""

    def add(self, data: Mapping[str, Any]) -> None:
        """One report's JSON; raises KeyError, TypeError, ValueError or UsageError where it is none."""
        level = Level.parse(data["level"])
        summary = data["summary"]
        judged = summary["statements"] + summary["cannot_tell"]
        production = data["production"]
        self.runs.append(
            Run(
                level=level,
                seed=int(data["seed"]),
                commit=_text(data.get("commit")) or None,
                profile=_text(production["key"]) if production and judged else None,
                started_at=_text(data["started_at"]),
                interrupted=bool(data["interrupted"]),
                statements=int(summary["statements"]),
                cannot_tell=int(summary["cannot_tell"]),
                scenarios=int(summary["scenarios"]) + int(summary.get("schedules", 0)),
                left_out=int(summary["left_out"]),
            )
        )
        self.allowed += len(data["allowed"])
        for test in data["tests"]:
            name = _text(test["id"])
            if test["outcome"] == "skipped":
                self.skipped.add(name)
                continue
            self.tests[name] = max(level, self.tests.get(name, level))
            if test.get("failed_itself"):
                self.failed.add(name)
        for finding in data["findings"]:
            self._meet(finding, level)
        if self.keep:
            self.evidence.add(data, level)

    def _meet(self, data: Mapping[str, Any], level: Level) -> None:
        fingerprint, test, source, title = data["fingerprint"], data["test"], data["source"], data["title"]
        if len(fingerprint) != 16 or not isinstance(title, str):
            raise ValueError("a finding without a fingerprint or a title")
        test = intern(test)
        place = intern(source or "")
        rank = (-level, test, place, title, json.dumps(data, sort_keys=True) if self.keep else "")
        known = self.findings.get(fingerprint)
        if known is not None:
            known.tests.add(test)
            known.places.add(place)
            if level < known.lowest:
                known.lowest = level
            if rank >= known.rank:
                return
        path, _, line = source.rpartition(":") if source else (test.partition("::")[0], "", "")
        self.findings[fingerprint] = Met(
            rule=intern(data["rule"]),
            title=title,
            subject=intern(data["subject"]),
            path=intern(path),
            line=max(1, int(line)) if line else None,
            fingerprint=fingerprint,
            test=test,
            level=level,
            lowest=known.lowest if known else level,
            tests=known.tests if known else {test},
            places=known.places if known else {place},
            rank=rank,
            full=_full(data) if self.keep else None,
        )


@uncollected()
def gather(paths: Iterable[Path], *, keep: bool = False) -> Gathered:
    """All these files, one after the other; raises ProdparityError about the first that is no report."""
    found = Gathered(keep=keep)
    for path in dict.fromkeys(each.resolve() for each in paths):
        data = _read(path)
        try:
            found.add(data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, UsageError) as wrong:
            what = f"{wrong.args[0]} is missing" if isinstance(wrong, KeyError) else str(wrong)
            raise ProdparityError(
                f"{path} is a damaged report: {' '.join(what.split())[:200]}.",
                fix="run pytest again, and give its report",
            ) from None
    return found


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data: Any = json.loads(path.read_bytes())
    except OSError as cause:
        raise ProdparityError(
            f"The report {path} cannot be read: {cause.strerror or cause}.",
            fix="run pytest with marked tests first, or give the report's path",
        ) from None
    except (ValueError, RecursionError) as wrong:
        torn = f"it ends or breaks off: {wrong}" if isinstance(wrong, json.JSONDecodeError) else type(wrong).__name__
        raise ProdparityError(
            f"{path} is torn, or no report ({torn}).", fix="run pytest again, and give its report"
        ) from None
    version = data.get("format") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(version, int) or "findings" not in data:
        raise ProdparityError(
            f"{path} is JSON, but no report of pytest-prodparity.", fix="give the file that --parity-report names"
        )
    if version > FORMAT:
        raise ProdparityError(
            f"{path} has format {version}; this version reads up to {FORMAT}.",
            fix="pip install --upgrade pytest-prodparity, as the run had it",
        )
    return data


def _full(data: Mapping[str, Any]) -> Finding:
    finding = Finding.from_json(data)
    lines = (*finding.plan, *finding.trace)
    texts = (finding.statement, finding.production, finding.replay, finding.remedy and finding.remedy.text)
    if not isinstance(finding.details, Mapping) or not all(
        isinstance(each, str) for each in (*lines, *filter(None, texts))
    ):
        raise TypeError("a finding's evidence is not text")
    return finding


def _text(said: object) -> str:
    if said is not None and not isinstance(said, str):
        raise TypeError(f"{said!r} is not a text")
    return said or ""
