"""Soft edges: columns that hold another table's keys although nobody declared it, such as `flights.dest = airports.faa`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from .model import Column, Constraint, Index, Table
from .probing import Probing, keys, rows_of, sample
from .types import ValueType

OVERLAP = 0.9
"""Of the sampled values, so many have a parent."""
PARTLY = 0.5
"""The same, where the names say that it is a key: parents may have been deleted."""
FEW = 3
"""Fewer different values than that prove nothing."""
MOST = 300
"""Pairs that are tried, those with a name in common first."""
VALUES = 500
"""Different values of a pair that are looked up."""
_INTEGERS = {"int2", "int4", "int8"}
_TEXTS = {"text", "varchar", "bpchar", "citext"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    child: Table
    column: str
    parent: Table
    key: str
    named: bool


def soft_edges(probing: Probing, tables: Sequence[Table]) -> Iterator[tuple[Table, Constraint, float]]:
    """(child, the key as if it were declared, overlap); at most one for a column, the one with the greatest overlap."""
    pairs = sorted(_pairs(probing, tables), key=lambda pair: not pair.named)[:MOST]
    found: dict[tuple[str, str], tuple[float, bool, _Pair]] = {}
    for pair in pairs:
        at = pair.child.full_name, pair.column
        if at in found and found[at][1] and not pair.named:
            continue
        overlap = _overlap(probing, pair)
        if overlap is not None and (at not in found or (overlap, pair.named) > found[at][:2]):
            found[at] = overlap, pair.named, pair
    for overlap, _, pair in found.values():
        yield (
            pair.child,
            Constraint(
                name=f"{pair.column} = {pair.parent.name}.{pair.key}", kind="foreign key", definition="",
                columns=[pair.column], references=pair.parent.full_name, references_columns=[pair.key],
            ),
            round(overlap, 4),
        )  # fmt: skip


def _pairs(probing: Probing, tables: Sequence[Table]) -> Iterator[_Pair]:
    parents = [
        (table, key, _family(probing.type(table, key)))
        for table in tables
        if table.rows >= FEW
        for key in _unique(table)
    ]
    for child in tables:
        declared = {name for one in keys(child) for name in one.columns}
        for column in child.columns:
            family = _family(probing.type(child, column.name))
            if family is None or column.name in declared or column.name in _unique(child) or child.rows < FEW:
                continue
            for parent, key, theirs in parents:
                if theirs != family or parent.full_name == child.full_name:
                    continue
                named = _alike(column.name, parent, key)
                # numbers prove nothing: every serial lies within every other
                if named or (family != "number" and _distinct(child, column) >= FEW):
                    yield _Pair(child=child, column=column.name, parent=parent, key=key, named=named)


def _family(kind: ValueType) -> str | None:
    if kind.form != "scalar" or kind.enum:
        return None
    return (
        "number"
        if kind.name in _INTEGERS
        else "text"
        if kind.name in _TEXTS
        else "uuid"
        if kind.name == "uuid"
        else None
    )


def _unique(table: Table) -> list[str]:
    names = {column.name for column in table.columns}
    return list(
        dict.fromkeys(index.columns[0] for index in table.indexes if _single(index) and index.columns[0] in names)
    )


def _single(index: Index) -> bool:
    return index.unique and index.valid and index.partial is None and len(index.columns) == 1


def _alike(column: str, parent: Table, key: str) -> bool:
    """`customer_id` is `customers.id`; `carrier` is `airlines.carrier`."""
    mine, theirs, table = _words(column), _words(key), _words(parent.name)
    if not mine or not theirs:
        return False
    if mine == theirs:
        return theirs not in (["id"], ["code"], ["name"], ["uuid"], ["key"])
    whole = [*table, *theirs]
    return mine in (whole, table) or mine[-len(whole) :] == whole


def _words(name: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [_singular(word.casefold()) for word in re.split(r"[\W_]+", spaced) if word]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _distinct(table: Table, column: Column) -> float:
    known = column.statistics or column.inherited_statistics
    if known is None or not known.n_distinct:
        return table.rows
    return known.n_distinct if known.n_distinct > 0 else -known.n_distinct * table.rows


def _overlap(probing: Probing, pair: _Pair) -> float | None:
    """The share of sampled values that have a parent, where that is enough to call it a key."""
    column, key = sql.Identifier(pair.column), sql.Identifier(pair.key)
    rows = probing.ask(
        f"soft edge {pair.child.full_name}.{pair.column} = {pair.parent.full_name}.{pair.key}",
        sql.SQL(
            "SELECT count(*) AS tried, count(*) FILTER (WHERE found) AS found, avg(length(v::text)) AS long FROM"
            " (SELECT v, EXISTS (SELECT FROM {} AS p WHERE p.{} = v) AS found FROM"
            " (SELECT DISTINCT {} AS v FROM {} AS s WHERE {} IS NOT NULL LIMIT {}) AS d) AS k"
        ).format(rows_of(pair.parent), key, column, sample(pair.child, [pair.column]), column, sql.Literal(VALUES)),
    )
    if not rows or rows[0]["tried"] < FEW:
        return None
    tried, overlap = int(rows[0]["tried"]), rows[0]["found"] / rows[0]["tried"]
    if not pair.named and (float(rows[0]["long"]) < FEW - 0.5 or (tried < 10 and overlap < 1)):
        return None
    return float(overlap) if overlap >= (PARTLY if pair.named else OVERLAP) else None
