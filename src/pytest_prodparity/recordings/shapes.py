"""The shape of a JSON value, its values left out, and how two shapes differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .difference import Severity

_ID = re.compile(
    r"(?:\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{4}-\d\d(?:-\d\d)?(?:T.*)?|[^@\s]+@[^@\s]+|[A-Za-z]+_[A-Za-z0-9]{10,}|[A-Z]{2,3})$"
)
"""Numbers, hashes, days, mail addresses, codes of countries and currencies: keys that are data, not names."""


@dataclass(slots=True)
class Shape:
    """What was met at one place: the types, and for objects and lists what is inside."""

    types: set[str] = field(default_factory=set)
    """`null` is not among them: a field that is null today says nothing of its type."""
    fields: dict[str, Shape] = field(default_factory=dict)
    objects: int = 0
    """How many objects were met here."""
    counts: dict[str, int] = field(default_factory=dict)
    """In how many of them each field was."""
    items: Shape | None = None
    """Of a list's elements, all alike; None where no element was met."""
    keyed: bool = False
    """The keys are data, such as identifiers: their values are all one shape, under `*`."""

    def met(self, value: Any) -> Shape:
        """Add one more value."""
        if isinstance(value, dict):
            self.types.add("object")
            self.objects += 1
            keyed = bool(value) and all(_ID.match(name) for name in value)
            self.keyed = self.keyed or keyed
            for name, part in value.items():
                name = "*" if keyed else name
                self.fields.setdefault(name, Shape()).met(part)
                self.counts[name] = self.counts.get(name, 0) + 1
        elif isinstance(value, list):
            self.types.add("list")
            for item in value:
                self.items = (self.items or Shape()).met(item)
        elif isinstance(value, bool):
            self.types.add("boolean")
        elif isinstance(value, int | float):
            self.types.add("number")
        elif isinstance(value, str):
            self.types.add("text")
        return self


def shape(value: Any) -> Shape:
    """Of one JSON value."""
    return Shape().met(value)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two shapes."""

    severity: Severity
    kind: str
    path: str
    """`.items[].total`."""
    told: str


def changes(recorded: Shape, live: Shape, path: str = "") -> Iterator[Change]:
    """A new field informs, a missing one warns, a changed type fails."""
    if recorded.types and live.types and recorded.types != live.types:
        were, are = " or ".join(sorted(recorded.types)), " or ".join(sorted(live.types))
        if not recorded.types & live.types:
            yield Change(Severity.FAIL, "type", path, f"is {are}, was {were}")
            return
        if live.types - recorded.types:
            new = " or ".join(sorted(live.types - recorded.types))
            yield Change(Severity.WARN, "type", path, f"is also {new}, was {were}")
    if recorded.objects and live.objects and not (recorded.keyed or live.keyed):
        yield from _fields(recorded, live, path)
    for name, known in recorded.fields.items():
        now = live.fields.get(name)
        if now is not None:
            yield from changes(known, now, f"{path}.{name}")
    if recorded.items is not None and live.items is not None:
        yield from changes(recorded.items, live.items, f"{path}[]")


def _fields(recorded: Shape, live: Shape, path: str) -> Iterator[Change]:
    for name in recorded.fields:
        # One that was only sometimes there may be away.
        if name not in live.fields and recorded.counts[name] == recorded.objects:
            yield Change(Severity.WARN, "missing", f"{path}.{name}", "is missing, was there")
    for name in live.fields:
        if name not in recorded.fields:
            yield Change(Severity.INFORM, "new-field", f"{path}.{name}", "is new")
