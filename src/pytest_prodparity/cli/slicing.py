"""Of a test's source, the statements that one call in it needs."""

from __future__ import annotations

import ast
import builtins
import symtable
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..core.errors import UsageError

EXITS = "_exits"
_GIVEN = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", EXITS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """Of one piece of source. `again`: bound by it, and read too, so perhaps bound before as well."""

    needed: frozenset[str]
    bound: frozenset[str]
    again: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """An item of a `with` around the call: `name = _exits.enter_context(…)`."""

    item: ast.withitem
    is_async: bool


Part = ast.stmt | Entered


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """In their order."""

    module: tuple[str, ...]
    """Statements of the module, each as it was written."""
    local: tuple[str, ...]
    """Statements of the test, with no indentation."""
    given: frozenset[str]
    """Arguments of the test that are needed."""


class Slicer:
    """Of one file."""

    def __init__(self, text: str, tree: ast.Module, test: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._lines = text.splitlines()
        self._tree = tree
        self._test = test
        self._shared = _shared_lines(tree)

    def of(self, call: ast.Call, expressions: Iterable[ast.expr], refuse: Callable[[str], UsageError]) -> Slice:
        """What comes before `call`, and binds what `expressions` need. Raises what `refuse` makes of a reason."""
        needed: set[str] = set()
        for expression in expressions:
            needed |= _names(ast.unparse(expression)).needed
        local, wanted = self._chosen(_before(self._test, call), needed)
        arguments = {each.arg for each in _arguments(self._test)}
        given = wanted & arguments
        module, missing = self._chosen([each for each in self._tree.body if each is not self._test], wanted - arguments)
        star = [each for each in self._tree.body if isinstance(each, ast.ImportFrom) and each.names[0].name == "*"]
        missing -= _GIVEN
        if missing and not star:
            raise refuse(f"needs {_listed(missing)}, which the test's module does not define")
        kept = [each for each in self._tree.body if each in module or each in star or _is_future(each)]
        for each in kept:
            if isinstance(each, ast.ImportFrom) and each.level:
                raise refuse(f"needs the relative import on line {each.lineno}: import it by its full name")
        return Slice(
            module=tuple([self._text(each) for each in kept]),
            local=tuple([self._text(each) for each in local]),
            given=frozenset(given),
        )

    def _chosen(self, parts: Sequence[Part], needed: Iterable[str]) -> tuple[list[Part], set[str]]:
        """Those that bind what is needed, or change what they have bound; and what is still needed then."""
        wanted = set(needed)
        chosen: set[int] = set()
        bindings = [_names(self._text(part)) for part in parts]
        grown = True
        while grown:
            grown = False
            for index in range(len(parts) - 1, -1, -1):
                names = bindings[index]
                if index not in chosen and (names.bound & wanted or self._changes(parts[index], wanted, bindings)):
                    chosen.add(index)
                    wanted |= names.needed | names.again
                    grown = True
        bound = {name for index in chosen for name in bindings[index].bound}
        soft = {name for index in chosen for name in bindings[index].again}
        return [parts[index] for index in sorted(chosen)], wanted - bound - (soft - set(needed))

    @staticmethod
    def _changes(part: Part, wanted: set[str], bindings: list[Names]) -> bool:
        """`pool.open()`, `items[0] = 1`: of a name that is bound here as well."""
        targets: list[ast.expr] = []
        if isinstance(part, ast.Expr):
            value = part.value.value if isinstance(part.value, ast.Await) else part.value
            targets = [value.func] if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else []
        elif isinstance(part, ast.Assign):
            targets = [target for target in part.targets if isinstance(target, ast.Attribute | ast.Subscript)]
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name) and root.id in wanted and any(root.id in each.bound for each in bindings):
                return True
        return False

    def _text(self, part: Part) -> str:
        if isinstance(part, Entered):
            value = ast.unparse(part.item.context_expr)
            entered = (
                f"await {EXITS}.enter_async_context({value})" if part.is_async else f"{EXITS}.enter_context({value})"
            )
            return f"{ast.unparse(part.item.optional_vars)} = {entered}" if part.item.optional_vars else entered
        first = min([part.lineno, *(each.lineno for each in getattr(part, "decorator_list", ()))])
        lines = self._lines[first - 1 : part.end_lineno]
        moved = part.col_offset and any(_is_long_text(node) for node in ast.walk(part))
        if moved or self._shared & set(range(first, (part.end_lineno or first) + 1)):
            return ast.unparse(part)
        return textwrap.dedent("\n".join(lines))


def _before(test: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> list[Part]:
    """The statements before the one with the call, of each block around it, and the items of each `with`."""
    parts: list[Part] = []
    block: list[ast.stmt] = test.body
    while True:
        within = next((each for each in block if any(node is call for node in ast.walk(each))), None)
        if within is None:
            return parts
        parts += block[: block.index(within)]
        if isinstance(within, ast.With | ast.AsyncWith):
            is_async = isinstance(within, ast.AsyncWith)
            parts += [Entered(item=item, is_async=is_async) for item in within.items]
        blocks = [getattr(within, name, []) for name in ("body", "orelse", "finalbody")]
        found = [each for each in blocks if isinstance(each, list) and any(call in ast.walk(one) for one in each)]
        if not found or isinstance(within, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return parts
        block = found[0]


def _names(text: str) -> Names:
    """Read in a function of its own: what is global there, it needs."""
    inside = symtable.symtable(f"async def _():\n{textwrap.indent(text, '  ')}\n  pass", "", "exec").get_children()[0]
    needed = {each.get_name() for each in inside.get_symbols() if each.is_global()}
    bound = {each.get_name() for each in inside.get_symbols() if each.is_local() and not each.is_global()}
    again = {each.get_name() for each in inside.get_symbols() if each.is_local() and each.is_referenced()}
    below = list(inside.get_children())
    while below:
        table = below.pop()
        below += table.get_children()
        needed |= {each.get_name() for each in table.get_symbols() if each.is_global()}
    return Names(needed=frozenset(needed), bound=frozenset(bound), again=frozenset(again))


def _arguments(test: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    arguments = test.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _is_future(part: ast.stmt) -> bool:
    return isinstance(part, ast.ImportFrom) and part.module == "__future__"


def _is_long_text(node: ast.AST) -> bool:
    return (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno != node.end_lineno) or (
        isinstance(node, ast.JoinedStr) and node.lineno != node.end_lineno
    )


def _shared_lines(tree: ast.Module) -> frozenset[int]:
    """Lines with more than one statement of one block: `a = 1; b = 2`."""
    shared = set()
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                for before, after in pairwise(block):
                    if before.end_lineno == after.lineno:
                        shared.add(after.lineno)
    return frozenset(shared)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
