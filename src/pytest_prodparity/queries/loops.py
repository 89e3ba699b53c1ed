"""Reads the user's source: is a line inside a loop, and what is written on it?"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Frame(NamedTuple):
    """One frame of a trip's stack."""

    path: str
    line: int
    function: str


def frame(text: str) -> Frame | None:
    """From `path:line function`; the path may hold colons and spaces."""
    place, _, function = text.rpartition(" ")
    path, _, line = place.rpartition(":")
    return Frame(path, int(line), function) if path and line.isdigit() else None


def loops(root: Path, at: Frame) -> bool:
    """Is that line repeated by a loop of its own function, whose length depends on data?

    `for x in ("a", "b")`, `range(3)` and names in capitals are of fixed length, however large the data.
    """
    return any(first <= at.line <= last for first, last in _ranges(str(root / at.path), _stamp(root / at.path)))


def line(root: Path, at: Frame) -> str:
    """The text of that line, empty where the file cannot be read."""
    return linecache.getline(str(root / at.path), at.line).strip()


def _stamp(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@lru_cache(maxsize=512)
def _ranges(path: str, _stamp: float) -> tuple[tuple[int, int], ...]:
    """First and last line of each repeated part."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(_repeated(tree))


def _repeated(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, _LOOPS):
            if isinstance(node, (ast.For, ast.AsyncFor)) and _fixed(node.iter):
                continue
            parts = [each for each in node.body if not isinstance(each, _FUNCTIONS)]
            for part in parts:
                yield part.lineno, part.end_lineno or part.lineno
            if isinstance(node, ast.While):
                yield node.test.lineno, node.test.end_lineno or node.test.lineno
        elif isinstance(node, _COMPREHENSIONS) and not all(_fixed(each.iter) for each in node.generators):
            # The iterable of the first `for` is evaluated once, but may share its line with what is repeated.
            yield node.lineno, node.end_lineno or node.lineno


def _fixed(iterable: ast.expr) -> bool:
    if isinstance(iterable, (ast.Tuple, ast.List, ast.Set)):
        return not any(isinstance(each, ast.Starred) for each in iterable.elts)
    if isinstance(iterable, (ast.Constant, ast.Dict)):
        return True
    if isinstance(iterable, ast.Name):
        return iterable.id.isupper()
    if isinstance(iterable, ast.Attribute):
        return iterable.attr.isupper()
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
        if iterable.func.id == "range":
            return all(_fixed(each) or isinstance(each, ast.Constant) for each in iterable.args)
        if iterable.func.id in ("enumerate", "reversed", "sorted", "list", "tuple", "zip"):
            return bool(iterable.args) and all(_fixed(each) for each in iterable.args)
    return False
