"""Joins along the foreign keys: what production's planner expects of them, and what a volume has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import psycopg
from psycopg import sql

from ..profile.model import Profile, Table
from .fidelity import FEW, JoinRows

TIMEOUT_MS = 10_000
"""For counting one join's rows."""
MOST = 100
"""Joins that are counted."""

Planned = Callable[[str], tuple[float, object] | None]
"""A statement's expected rows, and its plan without numbers; None where it cannot be planned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """Two tables, joined where columns are equal."""

    table: str
    other: str
    columns: tuple[tuple[str, str], ...]
    schemas: tuple[str, str]

    @property
    def shown(self) -> str:
        """`orders JOIN customers ON customer_id = id`."""
        on = " AND ".join(f"{one} = {two}" for one, two in self.columns)
        return f"{self.table} JOIN {self.other} ON {on}"

    def query(self, connection: psycopg.Connection, what: str = "1") -> str:
        """As SQL."""
        on = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier("a", one), sql.Identifier("b", two)) for one, two in self.columns
        )
        return (
            sql.SQL("SELECT {} FROM {} AS a JOIN {} AS b ON {}")
            .format(
                sql.SQL("count(*)" if what == "count" else "1"),
                sql.Identifier(self.schemas[0], self.table),
                sql.Identifier(self.schemas[1], self.other),
                on,
            )
            .as_string(connection)
        )


def joins(profile: Profile) -> list[Join]:
    """Each foreign key with its parent; and each two that refer to the same columns, with each other."""
    tables = {table.full_name: table for table in profile.tables}
    keys: dict[tuple[str, tuple[str, ...]], list[tuple[Table, tuple[str, ...]]]] = {}
    found = []
    for table in profile.tables:
        if table.kind == "partition":
            continue
        for key in table.constraints:
            parent = tables.get(key.references or "")
            if key.kind != "foreign key" or parent is None:
                continue
            found.append(_join(table, parent, tuple(key.columns), tuple(key.references_columns)))
            keys.setdefault((parent.full_name, tuple(key.references_columns)), []).append((table, tuple(key.columns)))
    for users in keys.values():
        found += [_join(one, two, mine, theirs) for (one, mine), (two, theirs) in combinations(users, 2)]
    return list(dict.fromkeys(found))[:MOST]


def _join(table: Table, other: Table, mine: tuple[str, ...], theirs: tuple[str, ...]) -> Join:
    return Join(
        table=table.name, other=other.name, columns=tuple(zip(mine, theirs, strict=True)),
        schemas=(table.schema, other.schema),
    )  # fmt: skip


def measured(
    connection: psycopg.Connection,
    profile: Profile,
    rows: Mapping[str, float],
    expected: Planned,
    ours: Planned,
) -> Iterator[JoinRows]:
    """Each join's rows in the volume that `connection` is to, in autocommit. `rows`: the volume's, by full name.

    What takes longer than a few seconds to count is left out, and so is what either side cannot plan.
    """
    connection.execute(f"SET statement_timeout = {TIMEOUT_MS}".encode())
    production = {table.full_name: _all(profile, table) for table in profile.tables}
    for join in joins(profile):
        name = f"{join.schemas[0]}.{join.table}"
        here = sum(rows.get(table.full_name, 0.0) for table in _leaves(profile, name))
        planned = expected(join.query(connection))
        if planned is None or here < FEW or not production[name]:
            continue
        try:
            counted = connection.execute(join.query(connection, "count").encode()).fetchone()
        except psycopg.errors.QueryCanceled:
            continue
        mine = ours(join.query(connection))
        yield JoinRows(
            statement=join.shown,
            expected=planned[0] / production[name],
            ours=(counted[0] if counted else 0) / here,
            same_plan=None if mine is None else mine[1] == planned[1],
        )


def _leaves(profile: Profile, name: str) -> list[Table]:
    found = [table for table in profile.tables if table.full_name == name]
    below = [table for table in profile.tables if table.parent == name]
    return [leaf for table in below for leaf in _leaves(profile, table.full_name)] or found


def _all(profile: Profile, table: Table) -> float:
    return sum(max(0.0, leaf.rows) for leaf in _leaves(profile, table.full_name))
