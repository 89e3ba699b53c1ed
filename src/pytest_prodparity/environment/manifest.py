"""The manifest: which variables production has, and on what it runs. Names and kinds, never a value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.suggest import closest

FILE = "environment.toml"
FORMAT = 1
"""Raised whenever an older reader would misread the file."""
KINDS = ("text", "number", "boolean", "url", "path", "json", "secret")
AGAIN = "prodparity env capture"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_VALUES = ("value", "default", "example", "values")
_PLAIN: Mapping[str, re.Pattern[str]] = {
    "python": re.compile(r"\d+(\.\d+){0,2}\S{0,12}"),
    "timezone": re.compile(r"[A-Za-z0-9_+\-/:,.<>]{1,64}"),
    "locale": re.compile(r"[A-Za-z0-9_.@\-]{1,40}"),
    "umask": re.compile(r"0?[0-7]{1,4}"),
}
_VERSION = re.compile(r"[0-9A-Za-z.+!_\-]{1,60}")
_HOST = re.compile(r"[A-Za-z0-9_.\-*]+(:\d{1,5})?")
_NUMBERS = ("uid", "gid")
_TABLES = ("variables", "packages", "limits")
_LISTS = ("read_only", "hosts")
_KEYS = ("format", "complete", *_PLAIN, *_NUMBERS, *_LISTS, *_TABLES)
_LIMITS = ("open_files", "memory")


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One name that production's environment has, or may have."""

    kind: str = "text"
    """One of KINDS."""
    required: bool = True
    """False: production runs without it too."""
    origin: tuple[str, ...] = ()
    """Where it was found; empty where somebody wrote it by hand: a capture keeps it."""

    def merged(self, other: Variable) -> Variable:
        """What two sources say together: the kind that says more, required where one requires it."""
        kind = other.kind if self.kind == "text" else self.kind
        kind = "secret" if "secret" in (self.kind, other.kind) else kind
        origin = tuple(dict.fromkeys((*self.origin, *other.origin)))
        return Variable(kind=kind, required=self.required or other.required, origin=origin)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one process of production may have at most; None: not known, or as much as it likes."""

    open_files: int | None = None
    memory: int | None = None
    """Bytes."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Production's environment, as far as it is known; None and empty are `not known`."""

    variables: Mapping[str, Variable] = field(default_factory=dict)
    complete: bool = False
    """It was read from a running process: what is not in it does not exist there, `USER` and `LANG` included."""
    python: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    locale: str | None = None
    umask: int | None = None
    uid: int | None = None
    gid: int | None = None
    read_only: tuple[str, ...] = ()
    """Paths below which production may not write."""
    hosts: tuple[str, ...] = ()
    limits: Limits = Limits()

    def merged(self, other: Manifest) -> Manifest:
        """Both; where both know one thing, `other`'s counts."""
        variables = dict(self.variables)
        for name, variable in other.variables.items():
            variables[name] = variables[name].merged(variable) if name in variables else variable
        known = {
            name: getattr(other, name)
            for name in ("python", "timezone", "locale", "umask", "uid", "gid")
            if getattr(other, name) is not None
        }
        limits = Limits(
            open_files=_first(other.limits.open_files, self.limits.open_files),
            memory=_first(other.limits.memory, self.limits.memory),
        )
        return replace(
            self,
            variables=dict(sorted(variables.items())),
            complete=self.complete or other.complete,
            packages={**self.packages, **other.packages},
            read_only=tuple(dict.fromkeys((*self.read_only, *other.read_only))),
            hosts=tuple(dict.fromkeys((*self.hosts, *other.hosts))),
            limits=limits,
            **known,
        )


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def load(path: Path) -> Manifest:
    """Read and check the file; raises UsageError that names it, the place and the remedy, and never shows a value."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as cause:
        raise UsageError(f"{path} cannot be read: {cause}.", fix=AGAIN) from None
    except tomllib.TOMLDecodeError as cause:
        # Its message names the place, and of what stands there a single character at most.
        raise UsageError(f"{path} is not TOML: {cause}.", fix=f"mend it, or: {AGAIN}") from None
    return _Reader(path).manifest(table)


class _Reader:
    """From the parsed file, with the file's name in each complaint."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def manifest(self, table: Mapping[str, Any]) -> Manifest:
        self._known(table, _KEYS, "")
        if table.get("format", FORMAT) != FORMAT:
            raise self._wrong(
                "format", f"{table['format']!r} is not {FORMAT}", f"update pytest-prodparity, or: {AGAIN}"
            )
        texts = {name: self._text(table, name, pattern) for name, pattern in _PLAIN.items()}
        umask = texts.pop("umask")
        limits = self._table(table, "limits")
        self._known(limits, _LIMITS, "limits.")
        packages = self._table(table, "packages")
        return Manifest(
            variables={name: self._variable(name, said) for name, said in self._table(table, "variables").items()},
            complete=self._flag(table, "complete", "", default=False),
            packages={name: self._matching(said, _VERSION, f"packages.{name}") for name, said in packages.items()},
            umask=None if umask is None else int(umask, 8),
            uid=self._number(table, "uid", ""),
            gid=self._number(table, "gid", ""),
            read_only=self._list(table, "read_only", re.compile(r"[^\x00-\x1f]{1,200}")),
            hosts=self._list(table, "hosts", _HOST),
            limits=Limits(**{name: self._number(limits, name, "limits.") for name in _LIMITS}),
            **texts,
        )

    def _variable(self, name: str, said: object) -> Variable:
        where = f"variables.{name}"
        if not _NAME.fullmatch(name):
            raise self._wrong(
                "variables", f"{name[:40]!r} is not the name of a variable", "write names such as DATABASE_URL"
            )
        if not isinstance(said, Mapping):
            raise self._holds_a_value(where)
        for key in said:
            if key in _VALUES:
                raise self._holds_a_value(f"{where}.{key}")
        self._known(said, ("kind", "required", "from"), f"{where}.")
        kind = said.get("kind", "text")
        if kind not in KINDS:
            shown = closest(kind, KINDS) if isinstance(kind, str) else ""
            raise self._wrong(f"{where}.kind", f"there is no such kind{shown}", f"use one of {', '.join(KINDS)}")
        return Variable(
            kind=kind,
            required=self._flag(said, "required", f"{where}.", default=True),
            origin=self._list(said, "from", re.compile(r"[^\x00-\x1f=@]{1,120}"), f"{where}."),
        )

    def _holds_a_value(self, where: str) -> UsageError:
        return self._wrong(
            where,
            "the manifest holds a value (not shown here); it has names and kinds only, because it is committed",
            'remove the value and, where it was a secret, change the secret; write { kind = "text" }. '
            "Values for tests belong into [tool.prodparity.env]",
        )

    def _known(self, table: Mapping[str, Any], names: Iterable[str], place: str) -> None:
        names = tuple(names)
        for key in table:
            if key not in names:
                raise self._wrong(
                    place.rstrip(".") or "the file",
                    f"unknown key {key[:40]!r}{closest(key, names)}",
                    f"use {', '.join(names)}",
                )

    def _table(self, table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        said = table.get(name, {})
        if not isinstance(said, Mapping):
            raise self._wrong(name, "it is not a table", f"write [{name}]")
        return said

    def _text(self, table: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
        return self._matching(table[name], pattern, name) if name in table else None

    def _matching(self, said: object, pattern: re.Pattern[str], where: str) -> str:
        if isinstance(said, str) and pattern.fullmatch(said):
            return said
        raise self._wrong(where, "what stands there is none (not shown: it could be a secret)", f"mend it, or: {AGAIN}")

    def _number(self, table: Mapping[str, Any], name: str, place: str) -> int | None:
        said = table.get(name)
        if said is None or (isinstance(said, int) and not isinstance(said, bool) and said >= 0):
            return said
        raise self._wrong(f"{place}{name}", "it is not a whole number, zero or more", "write a number such as 1024")

    def _flag(self, table: Mapping[str, Any], name: str, place: str, *, default: bool) -> bool:
        said = table.get(name, default)
        if isinstance(said, bool):
            return said
        raise self._wrong(f"{place}{name}", "it is neither true nor false", f"write {name} = {str(default).lower()}")

    def _list(self, table: Mapping[str, Any], name: str, pattern: re.Pattern[str], place: str = "") -> tuple[str, ...]:
        said = table.get(name, [])
        if isinstance(said, list) and all(isinstance(one, str) and pattern.fullmatch(one) for one in said):
            return tuple(said)
        raise self._wrong(f"{place}{name}", "it is not a list of such texts (not shown)", f"mend it, or: {AGAIN}")

    def _wrong(self, where: str, what: str, fix: str) -> UsageError:
        return UsageError(f"{self._path}: {where}: {what}.", fix=fix)


def dumped(manifest: Manifest) -> str:
    """The file's text: one variable a line, so that it diffs well."""
    lines = [
        "# Production's environment: names and kinds, never values. Made by `prodparity env capture`.",
        "# What you add by hand has no `from`, and the next capture keeps it. Values for tests: [tool.prodparity.env].",
        f"format = {FORMAT}",
        f"complete = {str(manifest.complete).lower()}",
    ]
    plain = ((name, getattr(manifest, name)) for name in ("python", "timezone", "locale"))
    lines += [f"{name} = {_quoted(known)}" for name, known in plain if known is not None]
    if manifest.umask is not None:
        lines.append(f'umask = "{manifest.umask:04o}"')
    lines += [f"{name} = {getattr(manifest, name)}" for name in _NUMBERS if getattr(manifest, name) is not None]
    for name in _LISTS:
        if getattr(manifest, name):
            lines.append(f"{name} = [{', '.join(map(_quoted, getattr(manifest, name)))}]")
    limits = [
        f"{name} = {getattr(manifest.limits, name)}" for name in _LIMITS if getattr(manifest.limits, name) is not None
    ]
    if limits:
        lines += ["", "[limits]", *limits]
    lines += ["", "[variables]"]
    for name, variable in sorted(manifest.variables.items()):
        parts = [f"kind = {_quoted(variable.kind)}"]
        if not variable.required:
            parts.append("required = false")
        if variable.origin:
            parts.append(f"from = [{', '.join(map(_quoted, variable.origin))}]")
        lines.append(f"{_key(name)} = {{ {', '.join(parts)} }}")
    if manifest.packages:
        lines += ["", "[packages]"]
        lines += [f"{_key(name)} = {_quoted(version)}" for name, version in sorted(manifest.packages.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_\-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
