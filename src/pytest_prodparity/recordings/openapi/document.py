"""Files of a specification: read, and followed by `$ref`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from ...core.errors import UsageError

Node = Any
"""Plain JSON values; checked where they are used, since a specification is a stranger's file."""


class SpecError(UsageError):
    """A file that is no specification, or one that refers to what is not there."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A node, and where it was found: what is needed to follow a `$ref` inside it."""

    files: Files
    file: Path
    pointer: str
    node: Node

    def __getitem__(self, key: str | int) -> Place:
        """A part of a mapping or list."""
        return Place(self.files, self.file, f"{self.pointer}/{_escaped(key)}", self.node[key])

    def get(self, key: str) -> Place | None:
        """A part of a mapping, None where it is not there."""
        return self[key] if isinstance(self.node, dict) and self.node.get(key) is not None else None

    def items(self) -> Iterator[tuple[str, Place]]:
        """The parts of a mapping; nothing for anything else."""
        if isinstance(self.node, dict):
            for key in self.node:
                yield str(key), self[key]

    def elements(self) -> Iterator[Place]:
        """The parts of a list; nothing for anything else."""
        if isinstance(self.node, list):
            for at in range(len(self.node)):
                yield self[at]

    def mapping(self) -> Mapping[str, Node]:
        """The node as a mapping, an empty one where it is something else."""
        return self.node if isinstance(self.node, dict) else {}

    @property
    def reference(self) -> str | None:
        """The `$ref` that stands here."""
        found = self.mapping().get("$ref")
        return found if isinstance(found, str) else None

    def followed(self) -> Place | None:
        """What a chain of `$ref` leads to, the place itself without one; None where it leads out to the network, or is
        of a kind that is not followed here (`#name`)."""
        place, seen = self, [self]
        while (reference := place.reference) is not None:
            found = place.files.target(place, reference)
            if found is None:
                return None
            if any(found.key == other.key for other in seen):
                raise SpecError(
                    f"{self}: $ref {reference!r} leads back to itself.",
                    tried=f"Followed {' -> '.join(other.pointer or '/' for other in seen)}.",
                    fix="let one of them hold the schema itself",
                )
            place = found
            seen.append(place)
        return place

    @property
    def key(self) -> tuple[Path, str]:
        """Equal for the same node."""
        return self.file, self.pointer

    @property
    def name(self) -> str:
        """The last part of the pointer, as written."""
        return self.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    def __str__(self) -> str:
        return f"{self.file.name}#{self.pointer or '/'}"


class Files:
    """The specification's files, each read once."""

    def __init__(self) -> None:
        self._roots: dict[Path, Node] = {}

    def root(self, path: Path, *, referred: str = "") -> Place:
        """A whole file; raises SpecError where it cannot be read as JSON or YAML."""
        path = path.resolve()
        if path not in self._roots:
            self._roots[path] = _read(path, referred)
        return Place(self, path, "", self._roots[path])

    def target(self, place: Place, reference: str) -> Place | None:
        """What a `$ref` at a place names; None where it is not followed."""
        where, _, fragment = reference.partition("#")
        if re.match(r"[a-zA-Z][\w+.-]+:", where) or where.startswith("//"):
            return None
        if fragment and not fragment.startswith("/"):
            return None
        referred = f"{place}: $ref {reference!r}"
        found = self.root(place.file.parent / unquote(where) if where else place.file, referred=referred)
        for part in unquote(fragment).split("/")[1:]:
            found = _step(found, part.replace("~1", "/").replace("~0", "~"), referred)
        return found


def _step(place: Place, part: str, referred: str) -> Place:
    node = place.node
    if isinstance(node, dict):
        if part in node:
            return place[part]
        number = int(part) if part.isdigit() else None
        if number in node:  # YAML reads a status as a number
            return place[number]  # type: ignore[index]
    elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
        return place[int(part)]
    raise SpecError(
        f"{referred} leads nowhere: {place} has no {part!r}.", fix="correct the $ref, or take the vendor's bundled file"
    )


def _read(path: Path, referred: str) -> Node:
    says = f"{referred}: " if referred else ""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as broken:
        told = "does not exist" if isinstance(broken, FileNotFoundError) else f"cannot be read: {broken.strerror}"
        raise SpecError(f"{says}{path} {told}.", fix="give the vendor's OpenAPI file with --openapi FILE") from None
    except UnicodeDecodeError as wrong:
        raise SpecError(f"{says}{path} is not UTF-8: {wrong.reason} at byte {wrong.start}.") from None
    try:
        if path.suffix == ".json" or text.lstrip()[:1] == "{":
            try:
                return json.loads(text)
            except ValueError:
                if path.suffix == ".json":
                    raise
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader
    except yaml.YAMLError as torn:
        mark = getattr(torn, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise SpecError(f"{says}{path} is no YAML{where}: {getattr(torn, 'problem', None) or torn}.") from None
    except ValueError as torn:
        raise SpecError(f"{says}{path} is no JSON: {torn}.") from None
    except RecursionError:
        raise SpecError(f"{says}{path} is nested too deeply.") from None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, and with the words of YAML 1.2, as OpenAPI has it: `no`, `12:30` and `2024-01-31` are texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # its own, not PyYAML's


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("merge", r"<<", "<"),
):
    _firsts: list[Any] = [letter if letter != "\0" else "" for letter in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _firsts)


def _integer(loader: Any, node: Any) -> int:
    said = loader.construct_scalar(node)
    return int(said, 16) if said.lower().startswith("0x") else int(said)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def _escaped(key: str | int) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
