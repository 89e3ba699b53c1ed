"""What a test changed: rows and sequences, as data that prints, compares and is judged by oracles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["insert", "update", "delete"]
Row = Mapping[str, object]
SHOWN = 20
"""Changes that a delta prints; the rest is counted."""
WIDTH = 60
"""Characters of one printed value."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One row's net change. Values are what psycopg gives for the column; large values are whole."""

    table: str
    """As it is written in SQL; with its schema unless that is `public`. Of a partition, the table that it belongs to."""
    kind: Kind
    key: Row
    """The primary key, or another unique key without NULLs; empty where the table has none."""
    before: Row | None = None
    after: Row | None = None

    @property
    def changed(self) -> dict[str, tuple[object, object]]:
        """An update's columns that differ: before and after."""
        if self.before is None or self.after is None:
            return {}
        return {
            name: (value, self.after.get(name)) for name, value in self.before.items() if value != self.after.get(name)
        }

    def __str__(self) -> str:
        where = _row(self.key)
        if self.kind == "update":
            what = ", ".join(f"{name}: {_short(old)} -> {_short(new)}" for name, (old, new) in self.changed.items())
        else:
            row = self.after if self.kind == "insert" else self.before
            what = _row({name: value for name, value in (row or {}).items() if name not in self.key})
        return f"{'+~-'[('insert', 'update', 'delete').index(self.kind)]} {self.table}({where}) {what}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A sequence that gave numbers out, or was set."""

    sequence: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"  {self.sequence}: {self.before} -> {self.after}"


@dataclass(frozen=True, kw_only=True)
class Delta:
    """The net change of a database since a start, in the order in which rows were first touched.

    Two deltas are equal when the same rows changed in the same way; the order, the sequences and the notes do not
    count. `delta["orders"]` is the part of one table; `inserted`, `updated`, `deleted` are rows for an assertion.
    """

    changes: tuple[Change, ...] = ()
    sequences: tuple[Moved, ...] = ()
    notes: tuple[str, ...] = ()
    """What the delta cannot show: a changed schema, large objects, too many rows."""
    references: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict, repr=False)
    """Foreign keys of the changed tables: (table, column) -> (table, column)."""

    def __getitem__(self, table: str) -> Delta:
        """Only this table's changes; an empty delta for a table that did not change."""
        return Delta(
            changes=tuple(change for change in self.changes if change.table == table),
            notes=self.notes,
            references=self.references,
        )

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Delta):
            return NotImplemented
        return len(self.changes) == len(other.changes) and _bag(self) == _bag(other)

    __hash__ = None  # type: ignore[assignment]  # its rows are mappings

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the changed tables, in order of appearance."""
        return tuple(dict.fromkeys(change.table for change in self.changes))

    @property
    def inserted(self) -> list[Row]:
        """The new rows."""
        return [change.after for change in self.changes if change.kind == "insert" and change.after is not None]

    @property
    def updated(self) -> list[tuple[Row, Row]]:
        """Changed rows: before and after."""
        return [
            (change.before, change.after)
            for change in self.changes
            if change.kind == "update" and change.before is not None and change.after is not None
        ]

    @property
    def deleted(self) -> list[Row]:
        """The rows that are gone."""
        return [change.before for change in self.changes if change.kind == "delete" and change.before is not None]

    def __str__(self) -> str:
        if not (self.changes or self.sequences or self.notes):
            return "nothing changed"
        counts = {kind: sum(change.kind == kind for change in self.changes) for kind in ("insert", "update", "delete")}
        lines = [
            ", ".join(f"{count} {kind}{'s' * (count != 1)}" for kind, count in counts.items() if count) or "no row"
        ]
        lines += [str(change) for change in self.changes[:SHOWN]]
        if len(self.changes) > SHOWN:
            lines.append(f"… and {len(self.changes) - SHOWN} more")
        return "\n".join([*lines, *(str(moved) for moved in self.sequences), *(f"! {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return f"<Delta: {self}>"


def _bag(delta: Delta) -> dict[str, int]:
    """Changes with their number; by text, since values need not be hashable."""
    bag: dict[str, int] = {}
    for change in delta.changes:
        row = tuple(tuple(sorted(part.items())) if part is not None else None for part in (change.before, change.after))
        text = repr((change.table, change.kind, row))
        bag[text] = bag.get(text, 0) + 1
    return bag


def _row(row: Row) -> str:
    return ", ".join(f"{name}={_short(value)}" for name, value in row.items())


def _short(value: object) -> str:
    # A value may have 100 MB: it is cut before it is quoted.
    if isinstance(value, (str, bytes)) and len(value) > WIDTH:
        return f"{value[: WIDTH - 20]!r}… ({len(value)} {'characters' if isinstance(value, str) else 'bytes'})"
    text = repr(value) if isinstance(value, (str, bytes)) else str(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
