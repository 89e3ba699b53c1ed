"""The guard: while it is up, variables that production does not have do not exist. Not in Python, not in C, not in subprocesses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ..core.findings import Source
from . import files, reads
from .manifest import Manifest
from .names import MACHINE, NEEDED, NOT_FROM_PRODUCTION, RUNNERS, among
from .readers import Readers
from .reads import Way
from .surroundings import Surroundings

MOST = 1000
"""Reads that are kept for one test."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """One line of the user's asked for a variable that production does not have, or for one that tests alone have."""

    name: str
    way: Way
    source: Source
    harness: bool
    """By the test itself."""
    here: bool
    """It exists outside, and is hidden."""


@dataclass
class Guard:
    """One for a run. Up or down as a whole."""

    manifest: Manifest
    root: Path
    given: Collection[str] = ()
    """Names that the settings give values to for tests."""
    keep: Collection[str] = ()
    """Patterns of further names that stay."""
    tests: tuple[str, ...] = ("test_*.py", "*_test.py")
    """Patterns of tests' files."""
    hidden: dict[str, str] = field(default_factory=dict, repr=False)
    """With their values, for the way back."""
    reads: dict[tuple[object, ...], Read] = field(default_factory=dict)
    """Since somebody took them."""
    used: set[str] = field(default_factory=set)
    """Declared names that anybody has read."""
    all_used: bool = False
    """The user's code went over all of them."""
    meddled: set[str] = field(default_factory=set)
    """Names that plugins wrote after the guard stood."""
    unloaded: set[str] = field(default_factory=set)
    """Names that a file such as `.env` would have set."""
    is_up: bool = False

    def __post_init__(self) -> None:
        self._readers = Readers(self.root, self.tests)
        self._stays: dict[str, bool] = {}
        self._written: set[str] = set()
        self.surroundings = Surroundings(self.manifest)

    # --- up and down

    def stand(self) -> None:
        """Watch `os.environ`, and come up. What exists from now on but is not declared was written by somebody."""
        reads.watch(self)
        files.guard(self)
        self.up()

    def leave(self) -> None:
        """Everything is as it was."""
        self.down()
        files.leave(self)
        reads.leave(self)

    def up(self) -> None:
        """Hide what production does not have; cheap where nothing has come in between."""
        for name in reads.names():
            if name not in self._written and not self.stays(name):
                if self.is_up:
                    self.meddled.add(name)
                value = reads.remove(name)
                if value is not None:
                    self.hidden[name] = value
        if not self.is_up:
            self.surroundings.enter()
            self.is_up = True

    def down(self) -> None:
        """What is hidden exists again, unless it was set anew."""
        if not self.is_up:
            return
        self.is_up = False
        self.surroundings.leave()
        for name, value in self.hidden.items():
            if reads.value(name) is None:
                reads.put(name, value)
        self.hidden.clear()

    def stays(self, name: str) -> bool:
        """Does it exist while the guard is up, if it exists at all?"""
        known = self._stays.get(name)
        if known is None:
            said = name in self.manifest.variables or name in self.given or name in self.surroundings.names
            known = self._stays[name] = said or self._is_ours(name)
        return known

    def _is_ours(self, name: str) -> bool:
        ours = among(name, NEEDED) or among(name, RUNNERS) or among(name, self.keep)
        return ours or among(name, MACHINE if not self.manifest.complete else NOT_FROM_PRODUCTION)

    @property
    def absent(self) -> set[str]:
        """Names that exist on this machine, and not for the test."""
        return self.hidden.keys() | self.unloaded

    def taken(self) -> list[Read]:
        """The reads since the last call."""
        found = list(self.reads.values())
        self.reads.clear()
        return found

    # --- what os.environ tells

    def missed(self, name: str, way: Way, frame: FrameType) -> None:
        """A read of what does not exist."""
        here = name in self.absent
        if not self.is_up or (not here and way is not Way.NEEDED) or len(self.reads) > MOST:
            return
        self._note(name, way, frame, here=here)

    def met(self, name: str, frame: FrameType) -> None:
        """A read of what exists; production's code cannot know that it is tested."""
        if name in self.manifest.variables:
            self.used.add(name)
        elif self.is_up and name.startswith("PYTEST_"):
            self._note(name, Way.TOLD, frame, here=True)

    def listed(self, frame: FrameType) -> None:
        """All of them were read, by the user's code or for it."""
        if not self.all_used and self._readers.within(frame):
            self.all_used = True

    def written(self, name: str, frame: FrameType) -> bool:
        """The program's own are its own; what a file holds that production does not have is not set."""
        if not self.is_up or self.stays(name):
            return True
        if self._readers.loads(frame):
            self.unloaded.add(name)
            return False
        if self._readers.within(frame):
            self._written.add(name)
        return True

    def admits(self, name: str) -> bool:
        """May a file such as `.env` say what it is? Otherwise it is noted that one would have."""
        if not self.is_up or self.stays(name):
            return True
        self.unloaded.add(name)
        return False

    def _note(self, name: str, way: Way, frame: FrameType, *, here: bool) -> None:
        reader = self._readers.reader(frame)
        if reader is not None:
            key = (name, way, reader.source)
            self.reads.setdefault(
                key, Read(name=name, way=way, source=reader.source, harness=reader.harness, here=here)
            )

    # --- what a run says of it

    def unread(self, used: Iterable[str]) -> list[str]:
        """Declared names that nobody has read, as far as that can be known."""
        from .names import READ_BY_C

        known = set(used)
        return [
            name
            for name in self.manifest.variables
            if name not in known and not among(name, (*READ_BY_C, *NEEDED, *RUNNERS, *MACHINE))
        ]
