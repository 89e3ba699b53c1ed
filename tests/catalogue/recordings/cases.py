"""The clients of recorded flows: which there are, what is wrong with each, and whose recording it is played against."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.provider.running import Base

FOLDER = Path(__file__).parent
HURRIED = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*encode_basic_auth:DeprecationWarning"),
]
"""Marks for a test that runs the clients: hurried people leave connections open, and what is deprecated unread."""

FIELDS = {"flow", "library", "fault", "live", "allowed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One client. Every client of a story does the same things in the same order, if it does them right."""

    story: str
    """The folder."""
    name: str
    """`story/file`, unique."""
    path: Path
    flow: str
    library: str
    fault: str = ""
    """One line; empty if the client is correct."""
    live: str = ""
    """The refusal that the fault comes to live: `METHOD /path status reason`; empty if the client is correct."""
    allowed: tuple[str, ...] = ()
    """Refusals that belong to the flow, once each: a poll that is too early, a limit that nobody could know."""
    twin: str = ""
    """The correct client whose recording it is played against; for a correct one itself."""

    @property
    def faulty(self) -> bool:
        return bool(self.fault)

    def load(self) -> Callable[[Base], object]:
        """Its `run`, from a module made anew: what a client keeps at module level begins empty."""
        spec = importlib.util.spec_from_file_location(f"client_{self.path.stem}", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        run: Callable[[Base], object] = module.run
        return run

    def unexpected(self, refusals: list[str]) -> list[str]:
        """Those that the flow does not explain."""
        explained = list(self.allowed)
        rest = []
        for refusal in refusals:
            if refusal in explained:
                explained.remove(refusal)
            else:
                rest.append(refusal)
        return rest


def header(path: Path) -> dict[str, str]:
    """The fields of a client's docstring; raises ValueError where one is missing or unknown."""
    text = path.read_text().split('"""')[1]
    fields = dict(re.findall(r"^(\w+): (.+)$", text, re.MULTILINE))
    wanted = {"flow", "library", *(("fault", "live") if path.stem.startswith("faulty") else ())}
    if not wanted <= fields.keys() <= FIELDS:
        raise ValueError(f"{path}: wants {sorted(wanted)}, has {sorted(fields)}")
    return fields


def story(folder: Path) -> list[Case]:
    """Correct ones first, each group by name."""
    files = sorted(folder.glob("*.py"))
    headers = {path: header(path) for path in files}
    correct = [path for path in files if path.stem.startswith("correct_")]

    def twin(path: Path) -> Path:
        if path in correct:
            return path
        same = [other for other in correct if headers[other]["library"] == headers[path]["library"]]
        return (same or correct)[0]

    return [
        Case(
            story=folder.name,
            name=f"{folder.name}/{path.stem}",
            path=path,
            flow=headers[path]["flow"],
            library=headers[path]["library"],
            fault=headers[path].get("fault", ""),
            live=headers[path].get("live", ""),
            allowed=tuple(filter(None, headers[path].get("allowed", "").split("; "))),
            twin=f"{folder.name}/{twin(path).stem}",
        )
        for path in files
    ]


@cache
def cases() -> tuple[Case, ...]:
    """All of them, by story."""
    return tuple(case for folder in sorted(FOLDER.iterdir()) if any(folder.glob("*.py")) for case in story(folder))


def correct(of: str | None = None) -> tuple[Case, ...]:
    """The correct ones, of one story or of all: any of them may be played against any recording of its story."""
    return tuple(case for case in cases() if not case.faulty and of in (None, case.story))


def faulty(of: str | None = None) -> tuple[Case, ...]:
    return tuple(case for case in cases() if case.faulty and of in (None, case.story))
