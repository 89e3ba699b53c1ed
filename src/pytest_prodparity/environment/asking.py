"""Is None an answer that the code is ready for? Told by the source around `os.environ.get("NAME")`."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path


def is_ready(path: Path, line: int, name: str) -> bool:
    """True for `… or default`, `if …`, `x = …` with a later look at whether x is there, and where nobody can tell."""
    parsed = _parsed(path)
    if parsed is None:
        return True
    tree, parents = parsed
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
        and any(isinstance(one, ast.Constant) and one.value == name for one in node.args)
    ]
    # A name that is not written there came from elsewhere, such as a loop over optional names.
    return not calls or any(_is_asked(call, parents) for call in calls)


def is_written(path: Path, line: int, name: str) -> bool:
    """Does the source name it, there or a line or two away?"""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return any(name in text for text in lines[max(0, line - 3) : line + 2])


@lru_cache(maxsize=256)
def _parsed(path: Path) -> tuple[ast.Module, dict[ast.AST, ast.AST]] | None:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    return tree, {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def _is_asked(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    while node in parents:
        parent = parents[node]
        if isinstance(parent, ast.BoolOp):
            if isinstance(parent.op, ast.And) or parent.values[-1] is not node:
                return True
        elif isinstance(parent, (ast.If, ast.While, ast.IfExp)):
            return parent.test is node
        elif _is_question(parent):
            return True
        elif isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if names and _is_looked_at(names, _scope(parent, parents), parents):
                return True
        elif isinstance(parent, ast.stmt):
            return False
        node = parent
    return False


def _is_question(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "bool"
    return isinstance(node, (ast.Compare, ast.Assert)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def _scope(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    while node in parents and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        node = parents[node]
    return node


def _is_looked_at(names: set[str], scope: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Does the scope ask whether one of the names is there?"""
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            parent = parents.get(node)
            if isinstance(parent, (ast.Compare, ast.BoolOp, ast.Assert)):
                return True
            if isinstance(parent, (ast.If, ast.While, ast.IfExp)) and parent.test is node:
                return True
            if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
                return True
    return False
