"""Access lists as PostgreSQL prints them: `"who"=rw*/owner`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LETTERS = {
    "a": "INSERT", "r": "SELECT", "w": "UPDATE", "d": "DELETE", "D": "TRUNCATE", "x": "REFERENCES", "t": "TRIGGER",
    "m": "MAINTAIN", "U": "USAGE", "C": "CREATE", "X": "EXECUTE",
}  # fmt: skip
_ITEM = re.compile(r'^(?P<who>"(?:[^"]|"")*"|[^=]*)=(?P<rights>[A-Za-z*]*)/')


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What one role may do; an empty `role` is everybody."""

    role: str
    rights: tuple[str, ...]


def parsed(items: Sequence[str]) -> Iterator[Access]:
    """One for each item; grant options are left out, and letters that nobody knows."""
    for item in items:
        found = _ITEM.match(item)
        if found is None:
            continue
        who = found["who"]
        name = who[1:-1].replace('""', '"') if who.startswith('"') else who
        yield Access(role=name, rights=tuple(LETTERS[one] for one in found["rights"] if one in LETTERS))
