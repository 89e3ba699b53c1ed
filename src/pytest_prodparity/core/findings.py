"""What a run found out: findings, and what it could not tell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A line of the user's code; `path` is relative to pytest's rootdir, with forward slashes."""

    path: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    @classmethod
    def parse(cls, text: str, function: str = "") -> Source:
        """From `path:line`."""
        path, _, line = text.rpartition(":")
        return cls(path=path, line=int(line), function=function)


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """What to do, as steps that can be followed to the letter.

    `sql` is run by the user on production (an index); `proof` is what the twin says with it in place.
    """

    text: str
    sql: str | None = None
    proof: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that would fail in production. Data only: `gate.render` makes text of it."""

    rule: str
    """Stable public id, such as `seq-scan`."""
    title: str
    """One line, the numbers first."""
    subject: str
    """What `allow=["rule:subject"]` names: a table, a statement's table, a budget."""
    test: str = ""
    """Node id."""
    source: Source | None = None
    statement: str | None = None
    """The statement as it was sent, without parameter values."""
    production: str | None = None
    """What production would do, one line: plan node, rows, estimated time."""
    plan: tuple[str, ...] = ()
    """The plan in EXPLAIN's text form, one line an element, for -v."""
    trace: tuple[str, ...] = ()
    """Lines that are shown as they are, such as the order of a race."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further evidence as plain JSON values: rows, counts, thresholds. No parameter values."""
    remedy: Remedy | None = None
    replay: str | None = None
    """The command that shows this finding again."""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits: the same for the same problem after lines have moved and code was formatted anew.

        The first eight leave the file out, so they also stay when it is renamed: rule, subject, function, shape of
        the statement.
        """
        file, _, test = self.test.partition("::")
        path, function = (self.source.path, self.source.function) if self.source else (file, test)
        problem = "\x1f".join((self.rule, self.subject, function, _shape(self.statement or "")))
        return _digits(problem) + _digits(f"{problem}\x1f{path}")

    @property
    def one_line(self) -> str:
        """`rule title (path:line)`."""
        return f"{self.rule} {self.title}" + (f" ({self.source})" if self.source else "")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `source` is `"path:line"`, as people type it."""
        data = asdict(self)
        data["source"] = str(self.source) if self.source else None
        data["function"] = self.source.function if self.source else None
        data["plan"] = list(self.plan)
        data["trace"] = list(self.trace)
        data["fingerprint"] = self.fingerprint
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """The inverse of `to_json`."""
        rest = {key: value for key, value in data.items() if key in cls.__slots__}
        if rest["source"] is not None:
            rest["source"] = Source.parse(rest["source"], data["function"] or "")
        if rest["remedy"] is not None:
            rest["remedy"] = Remedy(**rest["remedy"])
        rest["plan"] = tuple(rest["plan"])
        rest["trace"] = tuple(rest["trace"])
        return cls(**rest)


def _shape(statement: str) -> str:
    """Without values, the length of a list of them, white space and case."""
    bare = re.sub(r"\s+", "", re.sub(r"\$\d+|\d+|'[^']*'", "?", statement)).lower()
    return re.sub(r"\?(?:,\?)+", "?", bare)


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """A statement about which nothing can be said, and why. Counted, shown with -v, never passed off as clean."""

    statement: str
    reason: str
    source: Source | None = None
    test: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        data = asdict(self)
        data["source"] = str(self.source) if self.source else None
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Untold:
        """The inverse of `to_json`; the function's name is not kept."""
        source = Source.parse(data["source"]) if data["source"] else None
        return cls(**{**data, "source": source})


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What judging one test's trips came to."""

    findings: tuple[Finding, ...] = ()
    allowed: tuple[Finding, ...] = ()
    """Findings that the marker's `allow` accepts: reported as such, never failing."""
    untold: tuple[Untold, ...] = ()
    statements: int = 0
    """Statements of the test itself that were judged (executions, not fingerprints)."""
