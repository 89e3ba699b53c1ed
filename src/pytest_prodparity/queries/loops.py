"""Reads the user's source: does a line repeat what it calls, and what is written on it?"""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FRAMES = ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>")
_WRAPPERS = ("enumerate", "reversed", "sorted", "list", "tuple", "zip")


class Frame(NamedTuple):
    """One frame of a trip's stack."""

    path: str
    line: int
    function: str

    @property
    def name(self) -> str:
        """The function as its caller writes it."""
        return self.function.rpartition(".")[2]


def frame(text: str) -> Frame | None:
    """From `path:line function`; the path may hold colons and spaces."""
    place, _, function = text.rpartition(" ")
    path, _, line = place.rpartition(":")
    return Frame(path, int(line), function) if path and line.isdigit() else None


def loops(root: Path, at: Frame, callee: str | None = None) -> bool:
    """Is the call of `callee` on that line (of anything, where it is None) repeated by a loop over data?

    `for x in ("a", "b")`, `range(3)` and names in capitals are of fixed length, however large the data. Of a
    comprehension the first `for` is evaluated once, though it may stand on the line of what is repeated.
    """
    path = root / at.path
    found = _repeated(str(path), _stamp(path))
    if any(first <= at.line <= last for first, last in found.bodies):
        return True
    inside = any(first <= at.line <= last for first, last in found.comprehensions)
    if not inside or at.name in _FRAMES:
        return inside
    called = found.calls.get(at.line, [])
    named = [repeated for name, repeated in called if name == callee]
    return any(named) if named else any(repeated for _, repeated in called)


def acts(root: Path, at: Frame) -> bool:
    """Does the innermost loop around that line do more than talk to the database, or wait for its next message?

    A `while` over a queue, or a call whose result nobody uses (`send(mail)`): for each row something happens that cannot be
    taken back, so each is written down on its own.
    """
    path = root / at.path
    around = [each for each in _repeated(str(path), _stamp(path)).acting if each[0] <= at.line <= each[1]]
    return min(around, key=lambda each: each[1] - each[0])[2] if around else False


def line(root: Path, at: Frame) -> str:
    """The text of that line, empty where the file cannot be read."""
    return linecache.getline(str(root / at.path), at.line).strip()


@dataclass(slots=True)
class _Repeated:
    bodies: list[tuple[int, int]] = field(default_factory=list)
    """First and last lines of what a statement repeats."""
    comprehensions: list[tuple[int, int]] = field(default_factory=list)
    acting: list[tuple[int, int, bool]] = field(default_factory=list)
    """First and last line of a loop statement, and whether it `acts`."""
    calls: dict[int, list[tuple[str, bool]]] = field(default_factory=dict)
    """What is called, or read as an attribute, on a line of a comprehension, and whether it is repeated."""


def _stamp(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@lru_cache(maxsize=512)
def _repeated(path: str, _stamp: float) -> _Repeated:
    found = _Repeated()
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return found
    for node in ast.walk(tree):
        if isinstance(node, _LOOPS):
            _statement(node, found)
        elif isinstance(node, _COMPREHENSIONS) and not all(_fixed(each.iter) for each in node.generators):
            found.comprehensions.append((node.lineno, node.end_lineno or node.lineno))
            once = set(map(id, ast.walk(node.generators[0].iter)))
            for part in ast.walk(node):
                _call(part, repeated=id(part) not in once, found=found)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "map" and node.args:
            function, *iterables = node.args
            if not all(_fixed(each) for each in iterables):
                found.comprehensions.append((node.lineno, node.end_lineno or node.lineno))
                for part in ast.walk(function):
                    _call(part, repeated=True, found=found)
                if isinstance(function, ast.Name):
                    found.calls.setdefault(node.lineno, []).append((function.id, True))
    return found


def _acts(node: ast.For | ast.AsyncFor | ast.While) -> bool:
    return isinstance(node, ast.While) or any(
        _called(part.value) not in _QUIET for part in ast.walk(node) if isinstance(part, ast.Expr)
    )


def _called(expression: ast.expr) -> str | None:
    """The name of what an expression statement calls; None where it calls nothing."""
    called = expression.value if isinstance(expression, ast.Await) else expression
    if not isinstance(called, ast.Call):
        return None
    return called.func.attr if isinstance(called.func, ast.Attribute) else getattr(called.func, "id", None)


_QUIET = {
    None, "execute", "executemany", "exec", "fetch", "fetchrow", "fetchval", "fetchone", "fetchall", "query", "run", "scalar",
    "scalars", "commit", "rollback", "begin", "flush", "refresh", "expire", "expunge", "merge", "add", "add_all", "append",
    "extend", "insert", "save", "create", "get_or_create", "update_or_create", "update", "delete", "remove", "close", "print",
    "debug", "info", "warning", "error", "exception", "log", "sleep", "full_clean", "set", "setdefault", "pop", "discard",
}  # fmt: skip
"""Calls of the database, of containers and of logs."""


def _statement(node: ast.For | ast.AsyncFor | ast.While, found: _Repeated) -> None:
    found.acting.append((node.lineno, node.end_lineno or node.lineno, _acts(node)))
    if not isinstance(node, ast.While):
        if _fixed(node.iter):
            return
    else:
        found.bodies.append((node.test.lineno, node.test.end_lineno or node.test.lineno))
    for part in node.body:
        if not isinstance(part, _FUNCTIONS):
            found.bodies.append((part.lineno, part.end_lineno or part.lineno))


def _call(part: ast.AST, *, repeated: bool, found: _Repeated) -> None:
    if isinstance(part, ast.Attribute):
        # A lazy attribute sends a query without any call.
        found.calls.setdefault(part.end_lineno or part.lineno, []).append((part.attr, repeated))
    elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
        found.calls.setdefault(part.lineno, []).append((part.func.id, repeated))


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
            return all(_fixed(each) for each in iterable.args)
        if iterable.func.id in _WRAPPERS:
            return bool(iterable.args) and all(_fixed(each) for each in iterable.args)
    return False
