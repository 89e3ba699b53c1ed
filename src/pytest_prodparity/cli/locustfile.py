"""From a test with `parity_stress` to a locustfile."""

from __future__ import annotations

import ast
import os
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.suggest import closest
from . import locust_text
from .slicing import Slice, Slicer

_FIXTURE = "parity_stress"
_ATTRIBUTES = {
    "dsn": '"postgresql://" + REST',
    "url": '"postgresql+psycopg://" + REST',
    "async_url": '"postgresql+asyncpg://" + REST',
    "connect": 'lambda **options: __import__("psycopg").connect("postgresql://" + REST, **options)',
    "engine": '__import__("sqlalchemy").create_engine("postgresql+psycopg://" + REST)',
}
"""Of `parity_db`, as the file makes them."""
_EXAMPLE = "prodparity export locust tests/test_shop.py::test_many_buy"

_Test = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What the call of `parity_stress` says, as far as it can be read."""

    call: ast.expr
    allow: ast.expr | None
    actors: int
    rate: float | None


def locustfile(node: str, *, line: int | None, folder: Path) -> str:
    """The text of a locustfile in `folder` for a test, `PATH::TEST`. Raises UsageError."""
    path, name = _split(node)
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except OSError as cause:
        raise UsageError(f"{path} cannot be read: {cause.strerror}.", fix=_EXAMPLE) from cause
    except SyntaxError as cause:
        raise UsageError(f"{path}:{cause.lineno} is no Python: {cause.msg}.", fix=_EXAMPLE) from cause
    test = _found(tree, path, name)
    call = _stressed(test, node, line)
    wanted = _wanted(call, node)

    def refuse(reason: str) -> UsageError:
        return UsageError(
            f"{node}: the call on line {call.lineno} {reason}.",
            fix="let the call be a function of the application, which takes what it needs: parity_stress(lambda: buy(1))",
        )

    expressions = [wanted.call, *([wanted.allow] if wanted.allow is not None else [])]
    found = Slicer(text, tree, test).of(call, expressions, refuse)
    strange = found.given - {"parity_db"}
    if strange:
        raise refuse(
            f"needs {', '.join(map(repr, sorted(strange)))}, which pytest gives to the test, and Locust cannot"
        )
    made = _written(node, wanted, found, is_async=isinstance(test, ast.AsyncFunctionDef), folder=folder, path=path)
    unknown = sorted(set(re.findall(r"\bparity_db\.(\w+)", made)) - _ATTRIBUTES.keys())
    if unknown:
        raise refuse(
            f"needs parity_db.{unknown[0]}, which there is under pytest only; there are {', '.join(sorted(_ATTRIBUTES))}"
        )
    compile(made, "locustfile.py", "exec")
    return made


def _split(node: str) -> tuple[Path, str]:
    path, _, name = node.partition("::")
    name = name.partition("[")[0]
    if not name:
        raise UsageError(f"{node!r} is not PATH::TEST.", fix=_EXAMPLE)
    return Path(path), name


def _found(tree: ast.Module, path: Path, name: str) -> _Test:
    block: list[ast.stmt] = tree.body
    *classes, last = name.split("::")
    for each in classes:
        block = next((one.body for one in block if isinstance(one, ast.ClassDef) and one.name == each), [])
    for one in block:
        if isinstance(one, _Test) and one.name == last:
            return one
    names = [one.name for one in ast.walk(tree) if isinstance(one, _Test) and one.name.startswith("test")]
    raise UsageError(f"{path} has no test {name!r}{closest(last, names)}.", fix=_EXAMPLE)


def _stressed(test: _Test, node: str, line: int | None) -> ast.Call:
    calls = [
        each
        for each in ast.walk(test)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == _FIXTURE
    ]
    if not calls:
        raise UsageError(f"{node} does not call {_FIXTURE}.", fix=f"name a test that does: {_EXAMPLE}")
    lines = [each.lineno for each in calls]
    if line is None and len(calls) > 1:
        raise UsageError(
            f"{node} calls {_FIXTURE} {len(calls)} times, on the lines {', '.join(map(str, lines))}.",
            fix=f"say which: --line {lines[0]}",
        )
    if line is not None and line not in lines:
        raise UsageError(
            f"{node} does not call {_FIXTURE} on line {line}, but on {', '.join(map(str, lines))}.",
            fix=f"--line {lines[0]}",
        )
    return calls[0] if line is None else calls[lines.index(line)]


def _wanted(call: ast.Call, node: str) -> _Wanted:
    named = {each.arg: each.value for each in call.keywords}
    function = call.args[0] if call.args else named.get("call")
    if function is None or isinstance(function, ast.Starred):
        raise UsageError(f"{node}: {_FIXTURE} on line {call.lineno} gets no call.", fix="parity_stress(lambda: buy(1))")
    actors = _literal(call.args[1] if len(call.args) > 1 else named.get("actors"))
    rate = _literal(named.get("rate"))
    return _Wanted(
        call=function,
        allow=named.get("allow"),
        actors=actors if isinstance(actors, int) else 16,
        rate=float(rate) if isinstance(rate, int | float) else None,
    )


def _literal(expression: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(expression) if expression is not None else None
    except ValueError:
        return None


def _written(node: str, wanted: _Wanted, found: Slice, *, is_async: bool, folder: Path, path: Path) -> str:
    future = [text for text in found.module if text.startswith("from __future__")]
    module = _spaced([text for text in found.module if text not in future])
    local = "\n".join(found.local)
    call, allow = ast.unparse(wanted.call), ast.unparse(wanted.allow) if wanted.allow is not None else "()"
    used = sorted(set(re.findall(r"\bparity_db\.(\w+)", f"{module}\n{local}\n{call}")) & _ATTRIBUTES.keys())
    database = "".join(f"    {name}={_ATTRIBUTES[name]},\n" for name in used)
    pace = "constant(0)"
    if wanted.rate is not None:
        pace = f"constant_throughput({wanted.rate:g} / {wanted.actors})"
    return locust_text.FILE.format(
        node=node,
        actors=wanted.actors,
        future="".join(f"{text}\n" for text in future),
        folders=_folders(folder, path),
        environment=_environment(),
        database=f"parity_db = SimpleNamespace(\n{database})\n" if used else "",
        module=module,
        maker="async def" if is_async else "def",
        made="awaited(make_call(_stack))" if is_async else "make_call(_stack)",
        closed="awaited(_stack.aclose())" if is_async else "_stack.close()",
        stack="AsyncExitStack" if is_async else "ExitStack",
        local=textwrap.indent(local, "    ") + "\n" if local else "",
        call=call,
        allow=allow,
        pace=pace,
        name=node.rpartition("::")[2],
    )


def _spaced(statements: list[str]) -> str:
    """With room around functions and classes."""
    text = ""
    for each in statements:
        large = each.startswith(("def ", "async def ", "class ", "@"))
        text += f"\n\n{each}\n\n" if large else f"{each}\n"
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n")


def _folders(folder: Path, path: Path) -> str:
    here = Path.cwd()
    try:
        settings = tomllib.loads((here / "pyproject.toml").read_text(encoding="utf-8"))
        said = settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    except (OSError, ValueError, KeyError):
        said = []
    extra = said.split() if isinstance(said, str) else said
    folders = [here, *(here / each for each in extra), path.resolve().parent]
    relative = dict.fromkeys(Path(os.path.relpath(each, folder)).as_posix() for each in folders)
    return ", ".join(f'"{each}"' for each in relative)


def _environment() -> str:
    """What `[tool.prodparity.env]` gives to the application of the database."""
    from .asked import settings_of

    given = {name: value for name, value in settings_of({}).env.items() if "{db." in value}
    if not given:
        return ""
    return locust_text.ENVIRONMENT.format(given="".join(f"    {name!r}: {value!r},\n" for name, value in given.items()))
