"""Rows of a table, alone or with the parents that their foreign keys need."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import assume, note
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..core.errors import UsageError
from ..profile.model import Column, Constraint, Index, Profile, Table
from ..synthesis import slots
from ..synthesis.checks import rule
from .cells import Cell, Unfillable
from .checking import Checks, said
from .types import Type, read

Draw = Callable[[SearchStrategy[Any]], Any]
Row = dict[str, Any]

_TIMES = ("date", "timestamp", "timestamptz")
_TRIES = 30
"""How often the columns of a broken CHECK are drawn anew."""


@dataclass(kw_only=True)
class Subject:
    """A table with a strategy for each of its columns."""

    table: Table
    checks: Checks
    types: Mapping[str, Type]
    cells: dict[str, Cell]
    values: dict[str, SearchStrategy[Any]]
    beyond: dict[str, SearchStrategy[Any]]
    """In place of `values` where the column is a key by itself."""
    keys: list[Constraint]
    """Foreign keys, the widest first."""
    unique: list[tuple[tuple[str, ...], bool]]
    """Columns that no two rows have alike; True: whatever their case."""

    @classmethod
    def of(cls, profile: Profile, table: Table, fixed: frozenset[str]) -> Subject:
        """`fixed`: columns that others refer to; they are drawn even where the database would make them."""
        types = {column.name: read(column.type, profile) for column in table.columns}
        checks = Checks.of(table, types)
        utf8 = profile.encoding.upper() in ("UTF8", "UTF-8")
        keys = sorted(
            (one for one in table.constraints if one.kind == "foreign key"), key=lambda one: -len(one.columns)
        )
        unique = [found for index in table.indexes if index.unique for found in [_unique(index, types)] if found]
        for one in table.constraints:
            apart = slots.read(one.definition) if one.kind == "exclusion" else None
            if apart is not None and set(apart.equal) <= types.keys():
                # periods may overlap: one row for each of what must be equal, or one at all
                unique.append((apart.equal, False))
        alone = {columns[0] for columns, _ in unique if len(columns) == 1}
        referring = {name for key in keys for name in key.columns}
        partitioned = table.kind == "partitioned"
        made = cls(
            table=table, checks=checks, types=types, cells={}, values={}, beyond={}, keys=keys, unique=unique
        )  # fmt: skip
        for column in table.columns:
            if _left_out(column) and column.name not in fixed:
                continue
            cell = Cell(
                name=f"{table.full_name}.{column.name}", type=types[column.name],
                statistics=column.inherited_statistics if partitioned else column.statistics,
                ends=table.ends.get(column.name, ()), rule=rule(checks.known, column.name), utf8=utf8,
                spoken=[text for text in checks.unknown if column.name in text],
            )  # fmt: skip
            made.cells[column.name] = cell
            known = cell.known()
            confined = (
                column.name in referring
                # which partitions there are is in no column's statistics
                or (table.kind in ("partitioned", "partition") and types[column.name].base in _TIMES)
                # production's own values are the best that can be done for a CHECK that nobody here understands
                or any(re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", text) for text in checks.unknown)
            )
            try:
                made.values[column.name] = st.sampled_from(known) if confined and known else cell.values()
                if column.name in alone and column.name not in referring:
                    made.beyond[column.name] = cell.beyond()
            except Unfillable as cause:
                if not column.not_null:
                    made.values[column.name] = st.none()
                    continue
                raise UsageError(
                    f"rows: {cause}.",
                    fix=f'prodparity capture URL --keep "{table.name}.{column.name}", or write the row yourself',
                ) from None
        return made

    def column(self, name: str) -> Column:
        """By name."""
        return next(one for one in self.table.columns if one.name == name)

    def nullable(self, name: str) -> bool:
        """May it be NULL?"""
        key = any(name in columns for index in self.table.indexes if index.primary for columns in [index.columns])
        return not self.column(name).not_null and not key and self.cells[name].nullable

    def draw_cell(self, draw: Draw, name: str) -> Any:
        """A value, or NULL."""
        found = draw(self.beyond[name] if name in self.beyond else self.values[name])
        # NULL is drawn after a value, in place of it: the fewer draws, the simpler, for Hypothesis; a value is simpler
        if self.nullable(name) and draw(st.integers(0, 99)) >= 100 - self.cells[name].null_percent:
            return None
        return found

    def draw(self, draw: Draw, given: Mapping[str, Any]) -> Row:
        """A row that holds every CHECK we understand; `given` columns stay."""
        row = {name: given[name] if name in given else self.draw_cell(draw, name) for name in self.values}
        row |= {name: value for name, value in given.items() if name not in row}
        unclear: list[str] = []
        for attempt in range(_TRIES):
            broken, unclear = self.checks.broken(row)
            if not broken:
                break
            for name in sorted({name for check in broken for name in check.columns} - given.keys()):
                # for "all or none of them" it must be possible to be none
                row[name] = None if self.nullable(name) and draw(st.integers(0, 1 + attempt % 2)) else draw(self.values[name])  # fmt: skip
        else:
            assume(False)
        if self.checks.unknown or unclear:
            note(f"{self.table.full_name}: {said([*self.checks.unknown, *unclear])}")
        return row

    def marks(self, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What no other row of the table may have; NULLs are never alike."""
        found: list[tuple[Any, ...]] = []
        for at, (columns, folded) in enumerate(self.unique):
            values = [row.get(name) for name in columns]
            if all(value is not None for value in values):
                found.append((at, *((repr(_hashable(one)).casefold() if folded else _hashable(one)) for one in values)))
        return found


def _hashable(value: Any) -> Any:
    # what the database takes for equal: 1 and 1.0, a padded text
    if isinstance(value, str):
        return value.rstrip(" ")
    return repr(value) if isinstance(value, list) else value


def _left_out(column: Column) -> bool:
    """What the database makes itself."""
    return column.generated is not None or "nextval(" in (column.default or "")


def _unique(index: Index, types: Mapping[str, Type]) -> tuple[tuple[str, ...], bool] | None:
    names, folded = [], False
    for entry in index.columns:
        if entry in types:
            names.append(entry)
            folded = folded or types[entry].base == "citext"
        else:
            inside = [name for name in types if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", entry)]
            names, folded = [*names, *inside], True
    return (tuple(names), folded) if names else None


@dataclass(kw_only=True)
class Family:
    """Rows with their parents, as they are drawn for one example."""

    profile: Profile
    draw: Draw
    subjects: dict[str, Subject]
    made: list[tuple[str, Row]] = field(default_factory=list)
    """By full name of the table, parents first."""
    seen: dict[str, set[tuple[Any, ...]]] = field(default_factory=dict)

    def row(self, table: Table, given: Mapping[str, Any], above: tuple[str, ...] = ()) -> Row:
        """A row of `table` with `given` values, after its parents."""
        subject = self.subjects[table.full_name]
        fixed = dict(given)
        late: list[Constraint] = []
        for key in subject.keys:
            if all(name in fixed and fixed[name] is None for name in key.columns):
                continue
            if key.references in (table.full_name, *above):
                late.append(key)
                for name in key.columns:
                    if subject.column(name).not_null is False and name not in fixed:
                        fixed[name] = None
                continue
            if not self._wanted(subject, key, fixed):
                for name in key.columns:
                    if name not in fixed and not subject.column(name).not_null:
                        fixed[name] = None
                continue
            pairs = dict(zip(key.references_columns, key.columns, strict=True))
            parent = self._parent(
                key, {there: fixed[here] for there, here in pairs.items() if here in fixed}, (*above, table.full_name)
            )
            fixed |= {here: parent[there] for there, here in pairs.items()}
        row = subject.draw(self.draw, fixed)
        for key in late:
            self._close(subject, key, row)
        marks = subject.marks(row)
        taken = self.seen.setdefault(table.full_name, set())
        assume(not taken.intersection(marks))
        taken.update(marks)
        self.made.append((table.full_name, row))
        return row

    def _wanted(self, subject: Subject, key: Constraint, fixed: Mapping[str, Any]) -> bool:
        """A parent, or NULL where that is allowed: a parent, mostly."""
        free = [name for name in key.columns if name not in fixed]
        if not any(not subject.column(name).not_null for name in free):
            return True
        return bool(self.draw(st.integers(0, 3)) < 3)

    def _parent(self, key: Constraint, given: Mapping[str, Any], above: tuple[str, ...]) -> Row:
        """One that is there already, or a new one."""
        assert key.references is not None
        there = [
            row
            for name, row in self.made
            if name == key.references and all(row.get(column) == value for column, value in given.items())
        ]
        if there and (given or self.draw(st.booleans())):
            return there[-1]
        parent = next(one for one in self.profile.tables if one.full_name == key.references)
        return self.row(parent, given, above)

    def _close(self, subject: Subject, key: Constraint, row: Row) -> None:
        """A key that leads back: the row itself is the parent where there must be one."""
        if any(row.get(name) is None for name in key.columns):
            return
        if key.references != subject.table.full_name:
            raise UsageError(
                f"rows: {subject.table.full_name} and {key.references} need each other ({key.name}), so neither can be first.",
                fix="insert them in one transaction with the constraint deferred; write these rows yourself",
            )
        row.update({here: row[there] for here, there in zip(key.columns, key.references_columns, strict=True)})


def reach(profile: Profile, table: Table) -> dict[str, frozenset[str]]:
    """The table and all above it, with the columns of each that foreign keys refer to."""
    tables = {one.full_name: one for one in profile.tables}
    found: dict[str, set[str]] = {table.full_name: set()}
    waiting = [table]
    while waiting:
        child = waiting.pop()
        for key in child.constraints:
            parent = tables.get(key.references or "")
            if key.kind != "foreign key" or parent is None:
                continue
            if parent.full_name not in found:
                found[parent.full_name] = set()
                waiting.append(parent)
            found[parent.full_name] |= set(key.references_columns)
    return {name: frozenset(columns) for name, columns in found.items()}
