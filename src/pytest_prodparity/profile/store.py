"""Profiles on disk: `parity/profile.json` and `parity/schema.sql`, written whole or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.suggest import closest
from .model import FORMAT, Profile

PROFILE = "profile.json"
SCHEMA = "schema.sql"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A profile with its schema, as one folder holds them."""

    profile: Profile
    schema: str
    """The text of schema.sql."""
    folder: Path

    @property
    def key(self) -> str:
        """A hash of everything that the twin is built from."""
        # repr holds every field, and takes a twentieth of the time of asdict and JSON on a large profile
        text = f"{self.profile!r}\x1f{self.schema}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def save(folder: Path, profile: Profile, schema: str) -> None:
    """Write both files; a reader sees the old pair or the new one, each file whole."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / SCHEMA, schema)
    _replace(folder / PROFILE, json.dumps(_lean(profile), indent=1, ensure_ascii=False) + "\n")


def load(folder: Path) -> Stored:
    """Read and check a folder; raises UsageError that names the file, the place in it and the remedy."""
    path = folder / PROFILE
    again = "prodparity capture URL"
    try:
        text = path.read_text(encoding="utf-8")
        schema = (folder / SCHEMA).read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise UsageError(f"No profile: {missing.filename} does not exist.", fix=again) from None
    except (OSError, UnicodeDecodeError) as cause:
        raise UsageError(f"The profile in {folder} cannot be read: {cause}.", fix=again) from cause
    try:
        data = json.loads(text)
    except json.JSONDecodeError as cause:
        raise UsageError(
            f"{path} is not JSON: {cause.msg} in line {cause.lineno}, column {cause.colno}.",
            fix=f"restore it from version control, or {again}",
        ) from None
    profile = decode(data, str(path))
    if profile.schema_sha256 != digest(schema):
        raise UsageError(
            f"{folder / SCHEMA} is not the file that {path.name} was captured with.",
            fix=f"restore both from the same commit, or {again}",
        )
    return Stored(profile=profile, schema=schema, folder=folder)


def digest(schema: str) -> str:
    """What `Profile.schema_sha256` holds."""
    return hashlib.sha256(schema.encode()).hexdigest()


def decode(data: object, where: str) -> Profile:
    """A Profile from parsed JSON; `where` names the file in messages."""
    if not isinstance(data, dict):
        raise UsageError(f"{where} is not a profile: expected an object, found {type(data).__name__}.")
    engine, version = data.get("engine", "postgresql"), data.get("format")
    if engine != "postgresql":
        raise UsageError(f"{where} describes {engine!r}; this version reads postgresql only.")
    if version != FORMAT:
        raise UsageError(
            f"{where} has format {version!r}; this version of pytest-prodparity reads format {FORMAT}.",
            fix="prodparity capture URL, or install the version that wrote it",
        )
    profile = _value(Profile, data, where)
    assert isinstance(profile, Profile)
    return profile


def _value(kind: Any, data: object, where: str) -> Any:
    """`data` as `kind`, recursively, for the few type forms that the model uses."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None and type(None) in parts:
            return None
        return _value(next(part for part in parts if part is not type(None)), data, where)
    if origin is list:
        _expect(isinstance(data, list), "a list", data, where)
        return [_value(parts[0], entry, f"{where}[{at}]") for at, entry in enumerate(typing.cast("list[Any]", data))]
    if origin is dict:
        _expect(isinstance(data, dict), "an object", data, where)
        return {
            key: _value(parts[1], entry, f"{where}.{key}") for key, entry in typing.cast("dict[str, Any]", data).items()
        }
    if dataclasses.is_dataclass(kind):
        _expect(isinstance(data, dict), "an object", data, where)
        return _object(typing.cast("type[Any]", kind), typing.cast("dict[str, Any]", data), where)
    if kind is float:
        _expect(isinstance(data, (int, float)) and not isinstance(data, bool), "a number", data, where)
        return float(typing.cast("float", data))
    right = isinstance(data, kind) and not (kind is int and isinstance(data, bool))
    _expect(right, {str: "a text", int: "a whole number", bool: "true or false"}[kind], data, where)
    return data


def _object(kind: type[Any], data: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(kind)
    for key in data:
        if key not in hints:
            raise UsageError(f"{where}: unknown key {key!r}{closest(key, hints)}.")
    required = [
        part.name
        for part in dataclasses.fields(kind)
        if part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING
    ]
    for key in required:
        if key not in data:
            raise UsageError(f"{where}: {key!r} is missing.", fix="prodparity capture URL")
    return kind(**{key: _value(hints[key], entry, f"{where}.{key}") for key, entry in data.items()})


def _expect(right: bool, what: str, data: object, where: str) -> None:
    if not right:
        raise UsageError(f"{where}: expected {what}, found {data!r:.60}.", fix="prodparity capture URL")


def _lean(value: Any) -> Any:
    """As plain JSON, without the fields that hold their default: the file stays readable."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        lean: dict[str, Any] = {}
        for part in dataclasses.fields(value):
            entry = getattr(value, part.name)
            made = part.default_factory() if part.default_factory is not dataclasses.MISSING else part.default
            if part.name in ("format", "engine") or entry != made:
                lean[part.name] = _lean(entry)
        return lean
    if isinstance(value, list):
        return [_lean(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _lean(value[key]) for key in sorted(value)}
    return value


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
