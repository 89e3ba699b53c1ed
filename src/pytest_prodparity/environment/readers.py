"""Whose line it is that reads: the user's own, or the user's through a library that reads on demand."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from types import FrameType

from ..core.findings import Source
from ..wire.source import Line, Lines

_ON_DEMAND = (
    "/decouple.py", "/environs/", "/environ/", "/dotenv/", "/pydantic_settings/", "/pydantic/", "/starlette/config.py",
    "/dynaconf/", "/prettyconf/", "/goodconf/", "/everett/", "/marshmallow/", "/konfig/", "/confuse/",
)  # fmt: skip
"""They read what their caller names: the caller is the reader."""
LOADERS = ("/dotenv/", "/decouple.py", "/environs/", "/environ/", "/dynaconf/")
"""They put what a file holds into the environment: a file that production does not have."""
_CLEAR = (
    "/os.py", "/_collections_abc.py", "/collections/__init__.py", "/functools.py", "/contextlib.py", "/typing.py",
    "/configparser.py", "/string.py", "/re/__init__.py", "/posixpath.py", "/dataclasses.py", "/enum.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """The user's line that reads."""

    source: Source
    harness: bool
    """It belongs to the test itself, not to what is tested: a fixture, a test's body, the head of a test's file."""


class Readers:
    """Finds them, by the files of the frames."""

    def __init__(self, root: Path, tests: tuple[str, ...] = ("test_*.py", "*_test.py")) -> None:
        self._lines = Lines(root)
        self._tests = (*tests, "conftest.py")
        self._kinds: dict[str, str] = {}
        paths = sysconfig.get_paths()
        self._stdlib = (os.path.realpath(paths["stdlib"]), os.path.realpath(paths["platstdlib"]))
        self._own = str(Path(__file__).parent) + os.sep

    def reader(self, frame: FrameType) -> Reader | None:
        """None where a library or pytest reads for itself."""
        at: FrameType | None = frame
        while at is not None:
            kind = self._kind(at)
            if kind == "user":
                return self._reader(at)
            if kind != "clear":
                return None
            at = at.f_back
        return None

    def loads(self, frame: FrameType) -> bool:
        """Does a library put a file's variables into the environment?"""
        at: FrameType | None = frame
        while at is not None:
            plain = at.f_code.co_filename.replace(os.sep, "/")
            if any(part in plain for part in LOADERS) and "-packages/" in plain:
                return True
            if self._kind(at) != "clear":
                return False
            at = at.f_back
        return False

    def within(self, frame: FrameType) -> bool:
        """Is any line of the user's on the stack, this side of pytest?"""
        lines: list[Line] = []
        self._lines.of_thread(frame, lines)
        return bool(lines)

    def _reader(self, frame: FrameType) -> Reader:
        lines: list[Line] = []
        self._lines.of_frame(frame, lines)
        source = lines[0][0]
        name = source.path.rpartition("/")[2]
        code = frame.f_code.co_name
        harness = any(fnmatch(name, pattern) for pattern in self._tests) and (
            code == "<module>"
            or code.startswith("test")
            or frame.f_back is None
            or self._kind(frame.f_back) == "pytest"
        )
        return Reader(source=source, harness=harness)

    def _kind(self, frame: FrameType) -> str:
        name = frame.f_code.co_filename
        known = self._kinds.get(name)
        if known is None:
            known = self._kinds[name] = self._classify(frame, name)
        return known

    def _classify(self, frame: FrameType, name: str) -> str:
        if name.startswith((self._own, "<frozen ")):
            return "clear"
        lines: list[Line] = []
        self._lines.of_frame(frame, lines)
        if lines:
            return "user"
        plain = os.path.realpath(name).replace(os.sep, "/")
        if "/_pytest/" in plain or "/pluggy/" in plain:
            return "pytest"
        if "-packages/" in plain:
            return "clear" if any(part in plain for part in _ON_DEMAND) else "library"
        return "clear" if plain.startswith(self._stdlib) and plain.endswith(_CLEAR) else "library"
