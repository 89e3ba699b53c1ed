"""Profiles on disk: `parity/profile.json` and `parity/schema.sql`, written whole or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import hashlib
import json
import math
import os
import tempfile
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import ProdparityError, UsageError
from ..core.suggest import closest
from .model import FORMAT, Profile

PROFILE = "profile.json"
SCHEMA = "schema.sql"
AGAIN = "prodparity capture URL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A profile with its schema, as one folder holds them."""

    profile: Profile
    schema: str
    """The text of schema.sql."""
    folder: Path
    source: tuple[Profile, str] | None = field(default=None, repr=False, compare=False)
    """The profile that was read and the text it was read from: spares writing it again for `key`."""

    @property
    def key(self) -> str:
        """A hash of everything that the twin is built from."""
        read = self.source is not None and self.source[0] is self.profile
        text = self.source[1].strip() if self.source is not None and read else _written(self.profile)
        return hashlib.sha256(f"{text}\x1f{self.schema}".encode()).hexdigest()[:16]


def save(folder: Path, profile: Profile, schema: str) -> None:
    """Write both files; a reader sees the old pair or the new one, each file whole.

    Raises ProdparityError where the disk does not take them; the old pair is then still there.
    """
    text = _written(profile) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _replacing(folder / SCHEMA, schema) as first, _replacing(folder / PROFILE, text) as second:
            # both are on the disk: what can still go wrong lies between these two lines, and load() notices it
            first()
            second()
    except OSError as cause:
        raise ProdparityError(
            f"The profile could not be written to {folder}: {cause.strerror or cause}.",
            fix="make room or choose another folder with --to",
        ) from cause


def load(folder: Path) -> Stored:
    """Read and check a folder; raises UsageError that names the file, the place in it and the remedy."""
    path = folder / PROFILE
    try:
        text = path.read_text(encoding="utf-8")
        schema = (folder / SCHEMA).read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise UsageError(f"No profile: {missing.filename} does not exist.", fix=AGAIN) from None
    except (OSError, UnicodeDecodeError) as cause:
        raise UsageError(f"The profile in {folder} cannot be read: {cause}.", fix=AGAIN) from cause
    # hundreds of thousands of small lists, none of them garbage
    collecting = gc.isenabled()
    gc.disable()
    try:
        profile = decode(json.loads(text), str(path))
    except json.JSONDecodeError as cause:
        raise UsageError(
            f"{path} is not JSON: {cause.msg} in line {cause.lineno}, column {cause.colno}.",
            fix=f"restore it from version control, or {AGAIN}",
        ) from None
    finally:
        if collecting:
            gc.enable()
    if profile.schema_sha256 != digest(schema):
        raise UsageError(
            f"{folder / SCHEMA} is not the file that {path.name} was captured with.",
            fix=f"restore both from the same commit, or {AGAIN}",
        )
    return Stored(profile=profile, schema=schema, folder=folder, source=(profile, text))


def digest(schema: str) -> str:
    """What `Profile.schema_sha256` holds; the same whatever version control makes of line ends."""
    return hashlib.sha256(schema.replace("\r\n", "\n").replace("\r", "\n").encode()).hexdigest()


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
    profile = _decoder(Profile)(data, where)
    assert isinstance(profile, Profile)
    return profile


Decoder = Callable[[Any, str], Any]
"""Parsed JSON and its place in the file, for messages, to a value of the model."""


@functools.cache
def _decoder(kind: Any) -> Decoder:
    """Made once a type: profiles have tens of thousands of values, and a test waits for them."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = _decoder(next(part for part in parts if part is not type(None)))
        return lambda data, where: None if data is None else inner(data, where)
    if origin is list:
        return _list(parts[0])
    if origin is dict:
        return _dict(_decoder(parts[1]))
    if dataclasses.is_dataclass(kind):
        return _object(typing.cast("type[Any]", kind))
    return _scalar(kind)


def _scalar(kind: type) -> Decoder:
    what = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}[kind]
    allowed = (int, float) if kind is float else (kind,)

    def decode(data: Any, where: str) -> Any:
        if type(data) not in allowed or (kind is float and not math.isfinite(data)):
            raise _wrong(what, data, where)
        return float(data) if kind is float else data

    return decode


def _list(part: Any) -> Decoder:
    inner, plain = _decoder(part), {str: str, float: float}.get(part)

    def decode(data: Any, where: str) -> Any:
        if type(data) is not list:
            raise _wrong("a list", data, where)
        # nearly all of a file is such lists; the slow way finds the culprit
        if plain is not None and set(map(type, data)) <= {plain} and (plain is str or all(map(math.isfinite, data))):
            return data
        return [inner(entry, f"{where}[{at}]") for at, entry in enumerate(data)]

    return decode


def _dict(inner: Decoder) -> Decoder:
    def decode(data: Any, where: str) -> Any:
        if type(data) is not dict:
            raise _wrong("an object", data, where)
        return {key: inner(entry, f"{where}.{key}") for key, entry in data.items()}

    return decode


def _object(kind: type[Any]) -> Decoder:
    hints = typing.get_type_hints(kind)
    decoders = {name: _decoder(hint) for name, hint in hints.items()}
    required = [
        part.name
        for part in dataclasses.fields(kind)
        if part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING
    ]

    def decode(data: Any, where: str) -> Any:
        if type(data) is not dict:
            raise _wrong("an object", data, where)
        values = {}
        named = data.get("name")
        here = f"{where} ({named})" if isinstance(named, str) else where
        for key, entry in data.items():
            if key not in decoders:
                raise UsageError(f"{here}: unknown key {key!r}{closest(key, hints)}.", fix=AGAIN)
            value = values[key] = decoders[key](entry, f"{here}.{key}")
            low = LEAST.get(key)
            if low is not None and value is not None and value < low:
                raise _wrong(f"a number of at least {low}", value, f"{here}.{key}")
        for key in required:
            if key not in data:
                raise UsageError(f"{here}: {key!r} is missing.", fix=AGAIN)
        return kind(**values)

    return decode


LEAST = {
    "pages": 0, "size": 0, "toast_size": 0, "all_visible": 0, "all_frozen": 0, "tuples": -1, "height": 0, "live_rows": 0,
    "share": 0, "overlap": 0, "null_frac": 0, "avg_width": 0, "n_distinct": -1, "range_empty_frac": 0, "connection_limit": -1,
}  # fmt: skip
"""By field: what a hand-edited file could get wrong without getting the type wrong."""


def _wrong(what: str, data: object, where: str) -> UsageError:
    return UsageError(f"{where}: expected {what}, found {_short(data)}.", fix=f"correct it, or {AGAIN}")


def _short(data: object) -> str:
    text = json.dumps(data)
    return text if len(text) <= 60 else text[:57] + "..."


@functools.cache
def _parts(kind: type[Any]) -> list[tuple[str, Any]]:
    """A dataclass's fields with their defaults, which the file leaves out."""
    return [
        (
            part.name,
            dataclasses.MISSING
            if part.name in ("format", "engine")
            else part.default_factory()
            if part.default_factory is not dataclasses.MISSING
            else part.default,
        )
        for part in dataclasses.fields(kind)
    ]


def _written(value: Any, indent: str = "") -> str:
    """As JSON without the fields that hold their default; lists of plain values on one line, so that a diff has one
    line for each histogram."""
    inner = indent + " "
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((name, getattr(value, name), default) for name, default in _parts(type(value)))
        lines = [
            f"{inner}{_quoted(name)}: {_written(entry, inner)}"
            for name, entry, default in pairs
            if default is dataclasses.MISSING or entry != default
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_quoted(key)}: {_written(value[key], inner)}" for key in sorted(value)]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list):
        if value and (dataclasses.is_dataclass(value[0]) or isinstance(value[0], dict | list)):
            return "[\n" + ",\n".join(inner + _written(entry, inner) for entry in value) + f"\n{indent}]"
        write = _quoted if set(map(type, value)) == {str} else _plain
        return "[" + ", ".join(map(write, value)) + "]"
    return _plain(value)


_quoted = json.encoder.encode_basestring


def _plain(value: Any) -> str:
    """One value; the standard encoder builds itself anew for each call."""
    if type(value) is str:
        return _quoted(value)
    if type(value) is float and -math.inf < value < math.inf:
        return repr(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


@contextlib.contextmanager
def _replacing(path: Path, text: str) -> Iterator[Callable[[], object]]:
    """Write `text` beside `path`; what is given moves it there. Nothing stays behind where it is not called."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        yield functools.partial(temporary.replace, path)
    finally:
        temporary.unlink(missing_ok=True)
