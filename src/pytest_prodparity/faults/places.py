"""Where a trip comes from: which call of the test it belongs to, and whether the code under test sent it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Call = tuple[str, ...]
"""The test's own lines (`path:line`) from which the code under test was called, innermost first."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a trip's stack."""

    path: str
    line: int
    function: str

    @classmethod
    def parse(cls, text: str) -> Frame:
        """From `path:line function`."""
        place, _, function = text.partition(" ") if " " in text else (text, "", "")
        path, _, line = place.rpartition(":")
        if not line.isdigit():  # a path with spaces
            place, _, function = text.rpartition(" ")
            path, _, line = place.rpartition(":")
        return cls(path=path, line=int(line) if line.isdigit() else 0, function=function)

    @property
    def place(self) -> str:
        """`path:line`."""
        return f"{self.path}:{self.line}"


def is_of_tests(path: str) -> bool:
    """By pytest's and everybody's conventions: a test file, a conftest, or something in a folder of tests."""
    *folders, name = path.split("/")
    named = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return named or any(folder in ("tests", "test", "testing") for folder in folders)


class Places:
    """Tells the test's side from the code under test.

    Code under test is what lies outside of test files. Where a run has sent nothing from there, as in an example that is one
    file, it is every function but the test itself.
    """

    def __init__(self, root: Path, path: str, function: str, *, position: Callable[[], Sequence[str]]) -> None:
        self._root = root
        self._path = path
        self._function = function
        self._position = position
        """Where the test itself stands, for what other processes and threads send."""
        self.alone = False
        """Nothing was sent from outside of test files."""

    def learn(self, stacks: Iterable[Sequence[str]]) -> None:
        """Decide by what a whole run has sent."""
        self.alone = all(is_of_tests(Frame.parse(text).path) for stack in stacks for text in stack)

    def stack(self, stack: Sequence[str]) -> Sequence[str]:
        """With the test's lines: a thread or another process does not know who waits for it."""
        if any(self._is_test(Frame.parse(text)) for text in stack[-1:]):
            return stack
        return (*stack, *self._position())

    def call(self, stack: Sequence[str]) -> Call:
        """The call of the test that is under way."""
        frames = [Frame.parse(text) for text in stack]
        return tuple(frame.place for frame in frames if self._is_outside(frame))

    def under_test(self, stack: Sequence[str]) -> bool:
        """Was this sent by the code under test? What another process sends is."""
        return not stack or not self._is_outside(Frame.parse(stack[0]))

    def repeated(self, call: Call) -> bool:
        """May the same lines have called more than once: in a loop, or from nowhere known?"""
        return not call or any(self._in_loop(place) for place in call)

    def _is_test(self, frame: Frame) -> bool:
        return frame.path == self._path and frame.function.rpartition(".")[2] == self._function

    def _is_outside(self, frame: Frame) -> bool:
        return self._is_test(frame) if self.alone else is_of_tests(frame.path)

    def _in_loop(self, place: str) -> bool:
        path, _, line = place.rpartition(":")
        return any(first <= int(line) <= last for first, last in _loops(self._root / path))


@lru_cache(maxsize=256)
def _loops(path: Path) -> tuple[tuple[int, int], ...]:
    """First and last lines of what is repeated in a file."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ((0, 1 << 30),)
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in ast.walk(tree) if isinstance(node, _LOOPS))


_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def reported(path: Path, failed: int, called: int) -> bool | None:
    """Did the assertion on line `failed` look at what the statement on line `called` gave? None: that cannot be seen.

    A function that reports its failure by its value has told the truth, and the test has listened.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    asserted = next((node for node in statements if _covers(node, failed)), None)
    caller = next((node for node in statements if _covers(node, called)), None)
    if asserted is None or caller is None:
        return None
    if asserted is caller:
        return True
    given = {node.id for node in ast.walk(caller) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    looked = {node.id for node in ast.walk(asserted) if isinstance(node, ast.Name)}
    return bool(given & looked)


def _covers(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)
