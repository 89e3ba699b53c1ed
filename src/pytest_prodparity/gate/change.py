"""What was changed since a revision, and which findings are of that change."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..core.errors import ProdparityError, UsageError
from .baseline import entry_of, match
from .gathered import Gathered, Met

_HUNK = re.compile(r"@@ -\d+(?:,(?P<before>\d+))? \+(?P<first>\d+)(?:,(?P<count>\d+))? @@")
_ENDED = re.compile(r"-[ \t]+(?!def |async def |class |@)\S")
"""Taken out of a block: of the one that ends above, if it was its end."""
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?: .*)?$")
_SECONDS = 60
_WIDE = (".sql", ".toml", ".lock", ".cfg", ".ini")
Span = tuple[float, float]
"""First and last line; what was taken out lies between two lines."""
EVERYTHING: Span = (0.0, float("inf"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Lines as they are now, by file."""

    root: Path
    revision: str
    """As it was named."""
    base: str
    """The commit from which the change went its own way."""
    head: str
    spans: Mapping[str, tuple[Span, ...]]
    before: Gathered | None = None
    """What was found at the base."""
    old: frozenset[str] = field(default=frozenset())
    """Fingerprints, as they are now, of what was there before."""

    def has(self, met: Met) -> bool:
        """Is it in lines that were touched, or caused by the change?"""
        return (
            self._is_caused(met)
            or any(self._touches(path, line) for path, line in _places(met))
            or any(map(self._touches_test, met.tests))
        )

    def _is_caused(self, met: Met) -> bool:
        """A test that found nothing before finds it now."""
        before = self.before
        if before is None or met.fingerprint in self.old:
            return False
        return any(before.tests[test] >= met.lowest for test in met.tests & before.tests.keys())

    def _touches(self, path: str, line: int) -> bool:
        spans = self.spans.get(path)
        if not spans:
            return False
        first, last = _around(self.root / path, line)
        return any(begin <= last and end >= first for begin, end in spans)

    def _touches_test(self, test: str) -> bool:
        path, _, names = test.partition("::")
        spans = self.spans.get(path)
        if not spans:
            return False
        name = names.rpartition("::")[2].partition("[")[0]
        return any(
            begin <= last and end >= first
            for first, last in _functions(self.root / path).get(name, ())
            for begin, end in spans
        )

    @property
    def wide(self) -> list[str]:
        """Changed files that may cause findings anywhere: schemas, settings, versions of packages."""
        return sorted(path for path in self.spans if path.endswith(_WIDE) or Path(path).name.startswith("requirements"))


def changed(root: Path, revision: str, found: Gathered, before: Gathered | None) -> Change:
    """By Git: what is in the working tree, held against where it left `revision`. Raises UsageError and ProdparityError."""
    if revision.startswith("-") or not revision.strip():
        raise UsageError(f"--diff: {revision!r} is no revision.", fix="prodparity gate --diff main")
    _functions.cache_clear()
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", missing=revision).strip()
    base = _git(root, "merge-base", commit, head, missing=revision).strip()
    diff = _git(root, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--relative",
                "--src-prefix=a/", "--dst-prefix=b/", base, "--")  # fmt: skip
    spans = {path: tuple(spans) for path, spans in parsed(diff).items()}
    for path in _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0"):
        if path:
            spans[path] = (EVERYTHING,)
    old: frozenset[str] = frozenset()
    if before is not None:
        old = frozenset(match([entry_of(met) for met in before.findings.values()], found).known)
    return Change(root=root, revision=revision, base=base, head=head, spans=spans, before=before, old=old)


def parsed(diff: str) -> dict[str, list[Span]]:
    """By file as it is now, the lines that a diff without context touches."""
    spans: dict[str, list[Span]] = {}
    path: str | None = None
    left = 0
    open_end: str | None = None
    """The file of a span from which lines were taken, the first of which has not been seen."""
    for line in diff.split("\n"):
        if left > 0:
            left -= not line.startswith("\\")
            if open_end is not None and line[1:].strip():
                if _ENDED.match(line):
                    spans[open_end][-1] = (spans[open_end][-1][1] - 0.5, spans[open_end][-1][1])
                open_end = None
            continue
        if line.startswith("+++ "):
            path = _name(line[4:])
            if path is not None:
                spans.setdefault(path, [])
        hunk = _HUNK.match(line)
        if hunk is not None:
            first, count, gone = int(hunk["first"]), int(hunk["count"] or 1), int(hunk["before"] or 1)
            left = count + gone
            if path is not None:
                spans[path].append((first, first + count - 1) if count else (first + 0.5, first + 0.5))
            open_end = path if not count else None
    return spans


def _name(said: str) -> str | None:
    said = said.rstrip("\t")
    if said.startswith('"'):
        with suppress(ValueError):
            said = (
                said.strip('"')
                .encode("latin-1", "backslashreplace")
                .decode("unicode_escape")
                .encode("latin-1")
                .decode()
            )
    return said.removeprefix("b/") if said != "/dev/null" else None


def _git(root: Path, *arguments: str, missing: str | None = None) -> str:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    try:
        done = subprocess.run(
            command, cwd=root, env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise ProdparityError("--diff asks Git, and there is no git on the PATH.", fix="install git") from None
    except subprocess.TimeoutExpired:
        raise ProdparityError(
            f"git {arguments[0]} has not answered within {_SECONDS} s.", fix="look at what git does in this folder"
        ) from None
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:200]
        if missing is not None:
            raise UsageError(
                f"--diff: there is no revision {missing!r} here that this commit comes from{f' ({said})' if said else ''}.",
                tried="A job often fetches one commit only",
                fix="fetch its history (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0), or give another revision",
            )
        raise ProdparityError(f"git {arguments[0]} failed: {said or 'is this a repository with a commit?'}", fix="call prodparity gate --diff inside a Git repository")  # fmt: skip
    return done.stdout.decode("utf-8", "surrogateescape")


def _places(met: Met) -> Iterator[tuple[str, int]]:
    """Its lines, and those from which they were called, as far as they are known."""
    texts: list[Any] = [place for place in met.places if place]
    if met.full is not None:
        details = met.full.details
        for key in ("called_from", "stack", "waits_at", "opened"):
            value = details.get(key)
            texts += value if isinstance(value, list | tuple) else [value]
    for text in texts:
        found = _PLACE.match(text) if isinstance(text, str) else None
        if found is not None:
            yield found["path"], int(found["line"])


def _around(path: Path, line: int) -> Span:
    """The innermost function that a line is in, with its decorators; outside of any, the statement."""
    spans = [span for spans in _functions(path).values() for span in spans if span[0] <= line <= span[1]]
    return max(spans, default=(line, line))


@lru_cache(maxsize=1024)
def _functions(path: Path) -> Mapping[str, tuple[Span, ...]]:
    """By name; where the file cannot be read as Python, none."""
    found: dict[str, tuple[Span, ...]] = {}
    with suppress(OSError, SyntaxError, ValueError, RecursionError):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                found[node.name] = (*found.get(node.name, ()), (first, node.end_lineno or node.lineno))
    return found
