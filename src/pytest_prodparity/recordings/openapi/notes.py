"""What holding a value against a schema came to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from .document import Place

Path = tuple[Any, str] | None
"""From the inside out: (the path of what contains it, the name of the part); None at the top."""

VIOLATIONS = frozenset({"type", "null", "missing", "value", "limit", "extra"})
"""With one of these a value does not fit its schema; the other kinds are remarks about a value that does."""

Kind = Literal["type", "null", "missing", "value", "limit", "extra", "unknown", "deprecated", "read-only", "write-only"]

_REDACTED = re.compile(
    r"^\W*(?:\w*(?:redacted|filtered|scrubbed|sanitized|sanitised|masked|dummy|placeholder|secret)\w*|x{3,}|\*{2,})\W*$|^<[^<>]*>$|^\{\{?[^{}]*\}?\}$",
    re.IGNORECASE,
)


class Side(Enum):
    """Who sent the value."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Note:
    """`told` is one line without the value itself, since a value may be anybody's."""

    kind: Kind
    path: Path
    told: str
    place: Place | None = None
    """The schema that says so."""

    @property
    def violates(self) -> bool:
        """The value does not fit."""
        return self.kind in VIOLATIONS


@dataclass(slots=True)
class Walk:
    """One value on its way through a schema, and what was noted."""

    side: Side
    text: bool = False
    """The value was decoded from a URL or a form: a text may stand for a number, a boolean or nothing."""
    notes: list[Note] = field(default_factory=list)
    dispatched: frozenset[tuple[int, int]] = frozenset()
    """Schema and value that a discriminator has already led elsewhere."""

    def note(self, kind: Kind, path: Path, told: str, value: object = None, place: Place | None = None) -> None:
        """Unless the value is what a recorder has put in place of a secret."""
        if isinstance(value, str) and kind in VIOLATIONS and redacted(value):
            return
        self.notes.append(Note(kind, path, told, place))

    def trial(self) -> Walk:
        """The same way with notes of its own."""
        return Walk(self.side, self.text, [], self.dispatched)

    @property
    def fits(self) -> bool:
        """Nothing noted says that the value does not."""
        return not self.notes or not any(note.violates for note in self.notes)


def redacted(value: str) -> bool:
    """It looks like what a recorder has put in place of a secret."""
    return len(value) < 80 and _REDACTED.match(value) is not None


def shown(path: Path) -> str:
    """`.items[].total`; empty at the top."""
    parts: list[str] = []
    while path is not None:
        path, part = path
        parts.append(part if part == "[]" else f".{part}")
    return "".join(reversed(parts))
