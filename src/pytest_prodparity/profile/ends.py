"""The least and the greatest value of each leading B-tree column: where the planner looks, so where the twin needs rows.

The only rows that capture touches; each is one descent of an index.
"""

# ruff: noqa: S608  # what is put into queries is written here, or an sql.Identifier
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from .connection import Reading

_AT_ONCE = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """A column whose ends are wanted, and may leave production."""

    table: int
    schema: str
    name: str
    column: str


def read_ends(reading: Reading, wanted: Sequence[End]) -> Mapping[tuple[int, str], list[str]]:
    """By table's oid and column: [minimum, maximum] as text. What takes too long or is refused is left out and noted."""
    result: dict[tuple[int, str], list[str]] = {}
    if not wanted:
        return result
    # an index descends; a scan of the table could take hours
    reading.rows("SELECT pg_catalog.set_config('enable_seqscan', 'off', true)")
    for start in range(0, len(wanted), _AT_ONCE):
        reading.progress(f"ends of indexes, {start} of {len(wanted)}")
        result.update(_read(reading, wanted[start : start + _AT_ONCE]))
    return result


def _read(reading: Reading, batch: Sequence[End]) -> dict[tuple[int, str], list[str]]:
    """One statement for the batch; where it fails, one for each half, so that only what fails is lost."""
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {at}::int AS at, ({low})::text AS low, ({high})::text AS high").format(
            at=at, low=_first(end, "ASC"), high=_first(end, "DESC")
        )
        for at, end in enumerate(batch)
    )
    rows = reading.attempt(asked)
    if not isinstance(rows, str):
        found = ((batch[row["at"]], row["low"], row["high"]) for row in rows)
        return {(end.table, end.column): [low, high] for end, low, high in found if low is not None}
    if len(batch) == 1:
        end = batch[0]
        reading.notes.append(f"{end.schema}.{end.name}.{end.column}: least and greatest value were not read ({rows}).")
        return {}
    middle = len(batch) // 2
    return {**_read(reading, batch[:middle]), **_read(reading, batch[middle:])}


def _first(end: End, direction: str) -> sql.Composed:
    """What min and max become inside the planner; `bool` has no min()."""
    return sql.SQL("SELECT {c} FROM ONLY {t} WHERE {c} IS NOT NULL ORDER BY {c} " + direction + " LIMIT 1").format(
        c=sql.Identifier(end.column), t=sql.Identifier(end.schema, end.name)
    )
