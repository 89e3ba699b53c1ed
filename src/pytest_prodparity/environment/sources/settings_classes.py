"""Classes of pydantic-settings, read from their source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..kinds import kind
from ..manifest import Manifest, Variable
from .found import Found

_KINDS = {
    "int": "number", "float": "number", "Decimal": "number", "PositiveInt": "number", "NonNegativeInt": "number",
    "timedelta": "number", "bool": "boolean", "SecretStr": "secret", "SecretBytes": "secret", "Path": "path",
    "FilePath": "path", "DirectoryPath": "path", "list": "json", "dict": "json", "set": "json", "tuple": "json", "List": "json",
    "Dict": "json",
}  # fmt: skip
_APART = {".venv", "venv", "node_modules", "site-packages", "tests", "test", "build", "dist", "__pycache__"}


@dataclass(frozen=True, kw_only=True)
class _Class:
    node: ast.ClassDef
    origin: str

    @property
    def bases(self) -> list[str]:
        return [_last(base) for base in self.node.bases]


def sources(folder: Path) -> Iterator[Path]:
    """Python files below a folder that mention BaseSettings; not those of tests and of installed packages."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if _APART & set(parts[:-1]) or any(part.startswith(".") for part in parts) or parts[-1].startswith("test_"):
            continue
        try:
            if b"BaseSettings" in path.read_bytes():
                yield path
        except OSError:
            continue


def read(paths: Iterable[tuple[Path, str]]) -> Found:
    """What each class reads, with its prefix and aliases; fields with a default may be missing."""
    classes: dict[str, _Class] = {}
    notes = []
    for path, origin in paths:
        try:
            tree = ast.parse(path.read_bytes(), filename=str(path))
        except (SyntaxError, ValueError, OSError):
            notes.append(f"{origin} is not Python that can be read here; its settings are not known")
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                classes[node.name] = _Class(node=node, origin=f"{origin}:{node.lineno}")
    variables: dict[str, Variable] = {}
    for name in classes:
        if not _is_settings(name, classes, set()):
            continue
        options = _options(name, classes)
        if options.get("env_nested_delimiter"):
            notes.append(
                f"{classes[name].origin}: names with {options['env_nested_delimiter']!r} in them are not known"
            )
        for variable, found in _fields(name, classes, str(options.get("env_prefix") or "")):
            variables[variable] = variables[variable].merged(found) if variable in variables else found
    return Found(manifest=Manifest(variables=variables), notes=tuple(notes))


def _is_settings(name: str, classes: dict[str, _Class], seen: set[str]) -> bool:
    if name == "BaseSettings":
        return True
    if name not in classes or name in seen:
        return False
    return any(_is_settings(base, classes, seen | {name}) for base in classes[name].bases)


def _options(name: str, classes: dict[str, _Class]) -> dict[str, object]:
    """`model_config = SettingsConfigDict(…)`, `class Config:`, and those of the bases below them."""
    made: dict[str, object] = {}
    if name not in classes:
        return made
    for base in reversed(classes[name].bases):
        made |= _options(base, classes) if base != name else {}
    for node in classes[name].node.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, (ast.Call, ast.Dict))
            and _targets(node) == ["model_config"]
        ):
            made |= _literals(node.value)
        elif isinstance(node, ast.ClassDef) and node.name == "Config":
            for inner in node.body:
                if isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Constant):
                    made |= dict.fromkeys(_targets(inner), inner.value.value)
    return made


def _literals(value: ast.Call | ast.Dict) -> dict[str, object]:
    if isinstance(value, ast.Call):
        return {one.arg: one.value.value for one in value.keywords if one.arg and isinstance(one.value, ast.Constant)}
    pairs = zip(value.keys, value.values, strict=True)
    return {
        str(key.value): each.value
        for key, each in pairs
        if isinstance(key, ast.Constant) and isinstance(each, ast.Constant)
    }


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _fields(name: str, classes: dict[str, _Class], prefix: str) -> Iterator[tuple[str, Variable]]:
    if name not in classes:
        return
    for base in classes[name].bases:
        if base != name:
            yield from _fields(base, classes, prefix)
    for node in classes[name].node.body:
        if (
            not isinstance(node, ast.AnnAssign)
            or not isinstance(node.target, ast.Name)
            or node.target.id.startswith("_")
        ):
            continue
        if _last(node.annotation) == "ClassVar" or node.target.id == "model_config":
            continue
        names = _aliases(node.value) or [(prefix + node.target.id).upper()]
        required = _has_no_default(node.value) and len(names) == 1
        for each in names:
            found = _kind(node.annotation) or kind(each)
            yield each, Variable(kind=found, required=required, origin=(classes[name].origin,))


def _aliases(value: ast.expr | None) -> list[str]:
    if not isinstance(value, ast.Call) or _last(value.func) != "Field":
        return []
    for wanted in ("validation_alias", "alias", "env"):
        for one in value.keywords:
            if one.arg != wanted:
                continue
            parts = one.value.args if isinstance(one.value, ast.Call) else [one.value]
            return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return []


def _has_no_default(value: ast.expr | None) -> bool:
    if value is None:
        return True
    if not isinstance(value, ast.Call) or _last(value.func) != "Field":
        return False
    if value.args:
        return isinstance(value.args[0], ast.Constant) and value.args[0].value is ...
    return not any(one.arg in ("default", "default_factory") for one in value.keywords)


def _kind(annotation: ast.expr) -> str | None:
    for node in ast.walk(annotation):
        name = _last(node)
        if name in _KINDS:
            return _KINDS[name]
        if name.endswith(("Dsn", "Url")):
            return "url"
    return None


def _last(node: ast.AST) -> str:
    """`Name` of `Name`, `module.Name` and `Name[…]`."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
