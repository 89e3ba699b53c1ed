"""Where a trip comes from: which call of the test it belongs to, and whether the code under test sent it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
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

    def learn(self, stacks: Iterable[Sequence[str]], *, elsewhere: bool = False) -> None:
        """Decide by what a whole run has sent; `elsewhere`: another process has sent something, too."""
        self.alone = not elsewhere and all(is_of_tests(Frame.parse(text).path) for stack in stacks for text in stack)

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
        """Was this sent by the code under test? What comes from nowhere known is."""
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
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in _repeated(tree))


def _repeated(tree: ast.AST) -> Iterator[ast.stmt | ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            yield from node.body
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            yield from _calling(node.elt)
        elif isinstance(node, ast.DictComp):
            yield from _calling(node.value)


def _calling(element: ast.expr) -> Iterator[ast.expr]:
    """A comprehension's element that calls more than a class: `Decimal("1")` sends nothing."""
    for node in ast.walk(element):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if not name[:1].isupper() and name not in vars(builtins):
                yield element
                return


def reported(path: Path, failed: int | None, called: int) -> bool | None:
    """Did the assertion on line `failed` look at what the statement on line `called` gave? None: that cannot be seen.

    A function that reports its failure by its value has told the truth, and the test has listened. Without an assertion:
    did the test keep the value at all?
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    caller = _statement(tree, called)
    if caller is None or isinstance(caller, ast.If | ast.While | ast.Match | ast.Try):
        return None
    parts = _head(caller)
    given = {
        node.id
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    if failed is None:
        return None if given else isinstance(caller, ast.Return)
    asserted = _statement(tree, failed)
    if asserted is None:
        return None
    if asserted is caller:
        return True
    looked = {node.id for part in _head(asserted) for node in ast.walk(part) if isinstance(node, ast.Name)}
    return bool(given & looked)


def _statement(tree: ast.AST, line: int) -> ast.stmt | None:
    """The innermost one that covers the line."""
    covering = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(covering, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)


def _head(node: ast.stmt) -> list[ast.AST]:
    """Without the statements that it holds: of a `with`, what it opens."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return list(node.items)
    if isinstance(node, ast.For | ast.AsyncFor):
        return [node.target, node.iter]
    return [node]
