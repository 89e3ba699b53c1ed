"""Ways through the keys that lead to the same: an invoice's account is its subscription's; a message's author is of its room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from .model import Constraint, Table
from .patterns import known
from .probed import Agreement
from .probing import Probing, keys, rows_of, sample

AGREED = 0.98
"""Of the rows, so many agree."""
MOST = 16
"""Pairs that are looked at."""
_COMMON = {"id", "name", "code", "key", "uuid", "kind", "type", "status", "state", "created_at", "updated_at"}
"""Names that tables share by chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    key: Constraint
    column: str
    """Of the key's parent."""
    other: Constraint | None
    """The second key; None: the row itself."""
    other_column: str


def agreements(probing: Probing, tables: Mapping[str, Table], table: Table) -> list[Agreement]:
    """Of each own column the parent's column that it repeats; of two keys the columns in which their parents agree."""
    found: list[Agreement] = []
    for pair in list(_pairs(tables, table))[:MOST]:
        if any(one.other_column == pair.other_column and not one.other for one in found) and pair.other is None:
            continue
        if _agree(probing, tables, table, pair):
            found.append(
                Agreement(
                    reference=pair.key.columns, column=pair.column,
                    other=pair.other.columns if pair.other else [], other_column=pair.other_column,
                )
            )  # fmt: skip
    return found


def _pairs(tables: Mapping[str, Table], table: Table) -> Iterator[_Pair]:
    links = [
        (key, parent)
        for key in keys(table)
        for parent in [tables.get(key.references or "")]
        if parent is not None and parent.full_name != table.full_name
    ]
    target = _targets(table)
    unique = {index.columns[0] for index in table.indexes if index.unique and len(index.columns) == 1}
    for key, parent in links:
        theirs = _targets(parent)
        for column in table.columns:
            if column.name in {*key.columns, *unique} or _constant(table, column.name):
                continue
            for other in parent.columns:
                same_key = column.name in target and target[column.name] == theirs.get(other.name)
                same_name = column.name == other.name and column.name not in _COMMON and column.type == other.type
                if same_key or same_name:
                    yield _Pair(key=key, column=other.name, other=None, other_column=column.name)
    for at, (key, parent) in enumerate(links):
        for other_key, other_parent in links[:at]:
            if set(key.columns) & set(other_key.columns):
                continue
            mine = _targets(parent)
            for name, end in mine.items():
                for other_name, other_end in _targets(other_parent).items():
                    if end == other_end and not _constant(parent, name):
                        yield _Pair(key=key, column=name, other=other_key, other_column=other_name)


def _targets(table: Table) -> dict[str, tuple[str | None, str]]:
    """Its columns that are keys by themselves, and what each refers to."""
    return {key.columns[0]: (key.references, key.references_columns[0]) for key in keys(table) if len(key.columns) == 1}


def _constant(table: Table, name: str) -> bool:
    column = next(one for one in table.columns if one.name == name)
    found = known(column)
    return found is None or found.n_distinct in (0, 1)


def _agree(probing: Probing, tables: Mapping[str, Table], table: Table, pair: _Pair) -> bool:
    own = [*pair.key.columns, *(pair.other.columns if pair.other else [pair.other_column])]
    source = sql.SQL("{} AS s JOIN {} AS p ON {}").format(
        sample(table, list(dict.fromkeys(own))), rows_of(tables[pair.key.references or ""]), _match(pair.key, "p")
    )
    other: sql.Composable = sql.Identifier("s", pair.other_column)
    if pair.other is not None:
        source += sql.SQL(" JOIN {} AS q ON {}").format(
            rows_of(tables[pair.other.references or ""]), _match(pair.other, "q")
        )
        other = sql.Identifier("q", pair.other_column)
    rows = probing.ask(
        f"agreement of {table.full_name}.{pair.other_column}",
        sql.SQL(
            "SELECT count(*) AS n, count(*) FILTER (WHERE p.{0} = {1}) AS same, count(DISTINCT p.{0}) AS several FROM {2}"
            " WHERE p.{0} IS NOT NULL AND {1} IS NOT NULL"
        ).format(sql.Identifier(pair.column), other, source),
    )
    if not rows or rows[0]["n"] < 20 or rows[0]["several"] < 2:
        return False
    return bool(rows[0]["same"] >= AGREED * rows[0]["n"])


def _match(key: Constraint, alias: str) -> sql.Composed:
    columns: Sequence[tuple[str, str]] = list(zip(key.columns, key.references_columns, strict=True))
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier("s", own), sql.Identifier(alias, theirs)) for own, theirs in columns
    )
