"""Cassettes of vcrpy, format version 1, read into exchanges; also those that older releases and hands have written."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urldefrag

import yaml

from ..core.errors import UsageError
from .exchange import Exchange, Fields, Request, Response

SUFFIXES = (".yaml", ".yml", ".json")
_KEY = re.compile(rb"""(?:^|[{,\s])["']?interactions["']?\s*:""", re.MULTILINE)
_PASSED_BY = {"node_modules", "site-packages", "__pycache__"}


class CassetteError(UsageError):
    """A file that is torn, or no cassette."""


class NoCassette(CassetteError):
    """The file can be read and holds something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One cassette's content."""

    path: Path
    exchanges: tuple[Exchange, ...]
    metadata: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def read(path: Path) -> Recorded:
    """Raises CassetteError, which names the file and the place in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as wrong:
        raise CassetteError(
            f"Cassette {path} is not UTF-8: {wrong.reason} at byte {wrong.start}.", fix=_AGAIN
        ) from None
    except OSError as broken:
        raise CassetteError(f"Cassette {path} cannot be read: {broken.strerror or broken}.") from None
    return parse(text, path)


_AGAIN = "record it again, or take the last good one from version control"


def parse(text: str, path: Path) -> Recorded:
    """A cassette's text; `path` is for messages."""
    try:
        data = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader
    except yaml.YAMLError as torn:
        mark = getattr(torn, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        problem = getattr(torn, "problem", None) or "no YAML"
        raise CassetteError(f"Cassette {path} is torn{where}: {problem}.", fix=_AGAIN) from None
    except ValueError as torn:
        raise CassetteError(f"Cassette {path} is torn: {torn}.", fix=_AGAIN) from None
    except RecursionError:
        raise CassetteError(f"Cassette {path} is torn: it is nested too deeply.", fix=_AGAIN) from None
    if isinstance(data, list) and data and isinstance(data[0], dict) and "request" in data[0]:
        raise CassetteError(
            f"Cassette {path} is in vcrpy's format from before 1.0.",
            fix="python -m vcr.migration PATH, or record it again",
        )
    if not isinstance(data, dict) or "interactions" not in data:
        raise NoCassette(
            f"{path} is no cassette: it has no 'interactions' at its top.",
            fix="name cassettes of vcrpy, or their folder",
        )
    interactions = data["interactions"]
    if interactions is None:
        interactions = []
    if not isinstance(interactions, list):
        raise CassetteError(
            f"Cassette {path} is torn: 'interactions' is {_kind(interactions)}, not a list.", fix=_AGAIN
        )
    exchanges = tuple(_exchange(entry, number, path) for number, entry in enumerate(interactions))
    metadata = data.get("metadata")
    return Recorded(path=path, exchanges=exchanges, metadata=metadata if isinstance(metadata, dict) else {})


def find(paths: Sequence[Path]) -> list[Recorded]:
    """All cassettes of these files and folders, sorted; other YAML and JSON in a folder is passed by."""
    found: list[Recorded] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no cassette {str(path)!r}.", fix="prodparity drift --cassettes tests/cassettes")
        if not path.is_dir():
            found.append(read(path))
            continue
        inside = [recorded for file in files(path) if (recorded := _recorded(file)) is not None]
        if not inside:
            raise UsageError(
                f"There is no cassette in {str(path)!r}.",
                tried=f"Looked in it and below for {', '.join(f'*{suffix}' for suffix in SUFFIXES)} with 'interactions'.",
                fix="record one with --parity-record=once, or name the folder that has them",
            )
        found += inside
    return list({recorded.path.resolve(): recorded for recorded in found}.values())


def files(folder: Path) -> Iterator[Path]:
    """What may be a cassette, in order; hidden folders and installed packages are left out."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not path.name.startswith(".") and path.name not in _PASSED_BY and not path.is_symlink():
                yield from files(path)
        elif path.suffix in SUFFIXES:
            yield path


def folders(top: Path) -> list[Path]:
    """Those named `cassettes`, the outermost ones; where `files` does not look, it does not."""
    found = []
    for path in sorted(top.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path.name not in _PASSED_BY:
            found += [path] if path.name == "cassettes" else folders(path)
    return found


def _recorded(file: Path) -> Recorded | None:
    """None for a file that is something else, also one that YAML does not understand."""
    if not _KEY.search(file.read_bytes()):
        return None
    try:
        return read(file)
    except NoCassette:
        return None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe: the few Python tags that vcrpy has written become plain values, each other one is an error."""


def _plain(loader: Any, node: Any) -> object:
    return loader.construct_scalar(node)


def _sequence(loader: Any, node: Any) -> object:
    return loader.construct_sequence(node, deep=True)


def _buffer(loader: Any, node: Any) -> object:
    state = loader.construct_mapping(node, deep=True).get("state") or (b"",)
    return state[0]


def _pieces(loader: Any, node: Any) -> object:
    arguments = loader.construct_mapping(node, deep=True).get("args")
    return b"".join(_bytes(piece) for piece in (arguments[0] if arguments else ()))


_PYTHON = "tag:yaml.org,2002:python/"
_Loader.add_constructor(f"{_PYTHON}str", _plain)
_Loader.add_constructor(f"{_PYTHON}unicode", _plain)
_Loader.add_constructor(f"{_PYTHON}tuple", _sequence)
_Loader.add_constructor(f"{_PYTHON}object/new:_io.BytesIO", _buffer)
_Loader.add_constructor(f"{_PYTHON}object/apply:builtins.iter", _pieces)


def _exchange(entry: object, number: int, path: Path) -> Exchange:
    try:
        if not isinstance(entry, dict):
            raise TypeError(f"it is {_kind(entry)}, not a mapping")
        return Exchange(
            number=number,
            request=_request(_part(entry, "request")),
            response=_response(_part(entry, "response")),
            at=_moment(entry.get("recorded_at")),
        )
    except (TypeError, ValueError, binascii.Error) as wrong:
        raise CassetteError(f"Cassette {path} is torn: interaction {number}: {wrong}.", fix=_AGAIN) from None


def _request(part: Mapping[str, Any]) -> Request:
    method, url = part.get("method"), part.get("uri", part.get("url"))
    if not isinstance(method, str) or not isinstance(url, str) or "://" not in url:
        raise ValueError("its request has no method and absolute URI")
    return Request(
        method=method.upper(),
        url=urldefrag(url).url,
        headers=_fields(part.get("headers")),
        body=_body(part.get("body")),
    )


def _response(part: Mapping[str, Any]) -> Response:
    """Also as vcrpy's httpx stub wrote it before release 6: `status_code`, `content`."""
    status, reason = part.get("status", part.get("status_code")), ""
    if isinstance(status, dict):
        reason = str(status.get("message") or "")
        status = status.get("code")
    if isinstance(status, bool) or not isinstance(status, int | str) or not str(status).isdigit():
        raise ValueError("its response has no status")
    body = part["body"] if "body" in part else part.get("content")
    return Response(status=int(status), reason=reason, headers=_fields(part.get("headers")), body=_body(body))


def _moment(said: object) -> float | None:
    """A time of ours, or of a hand; None where there is none that can be read."""
    if isinstance(said, int | float):
        return float(said)
    try:
        found = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = entry.get(name)
    if not isinstance(part, dict):
        raise TypeError(f"its {name} is {'missing' if part is None else _kind(part)}")
    return part


def _fields(said: object) -> Fields:
    """A mapping to one value or a list of them, or pairs."""
    if said is None:
        return ()
    pairs: Iterable[tuple[object, object]]
    if isinstance(said, dict):
        pairs = said.items()
    elif isinstance(said, list) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in said):
        pairs = [(pair[0], pair[1]) for pair in said]
    else:
        raise TypeError(f"its headers are {_kind(said)}")
    return tuple(
        (_text(name), _text(value))
        for name, found in pairs
        for value in (found if isinstance(found, list | tuple) else [found])
    )


def _body(said: object) -> bytes:
    if isinstance(said, dict):
        if "base64_string" in said:
            return base64.b64decode(_bytes(said["base64_string"]), validate=False)
        said = said.get("string", said.get("body"))
    return _bytes(said)


def _bytes(said: object) -> bytes:
    if said is None:
        return b""
    if isinstance(said, bytes):
        return said
    if isinstance(said, str):
        return said.encode("utf-8", "surrogateescape")
    if isinstance(said, dict | list):  # written by hand
        return json.dumps(said).encode()
    return str(said).encode()


def _text(said: object) -> str:
    return said.decode("latin-1") if isinstance(said, bytes) else "" if said is None else str(said)


def _kind(said: object) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "a text", int: "a number", type(None): "nothing"}
    return kinds.get(type(said), type(said).__name__)
