"""What of production's values a profile holds, and what was withheld and why: for the terminal, before a commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .model import ColumnStatistics, Profile, Table

REASONS = {
    "personal": "name or content looks personal",
    "secret": "name or content looks secret",
    "text": "text, documents, lists and the like",
    "rare": "text; only values of at least 20 rows are kept",
    "denied": "--deny",
    "no-values": "--no-values",
    "no-rights": "not readable",
}
"""By `ColumnStatistics.withheld`, the gravest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """One column whose statistics were read."""

    column: str
    """`schema.table.column`, or `schema.table index (column)` for an index's expression."""
    type: str
    values: int
    """How many values of production the profile holds, ends included."""
    withheld: str | None
    """A key of `REASONS`; with `values` above 0 only a part was withheld."""

    @property
    def text(self) -> bool:
        """Is it one of those that a reviewer should look at?"""
        return self.type.startswith(
            ("text", "character", "name", "uuid", "json", "public.citext", "citext", '"char"', "bytea")
        )


def leaving(profile: Profile) -> list[Leaving]:
    """Every column with statistics, in the order of the file."""
    return [entry for table in profile.tables for entry in _of(table)]


def _of(table: Table) -> Iterator[Leaving]:
    for column in table.columns:
        found = [part for part in (column.statistics, column.inherited_statistics) if part is not None]
        ends = len(table.ends.get(column.name, ()))
        if found or ends:
            yield Leaving(
                column=f"{table.full_name}.{column.name}",
                type=column.type,
                values=ends + sum(map(count, found)),
                withheld=next((part.withheld for part in found if part.withheld), None),
            )
    for index in table.indexes:
        for name, part in index.expression_statistics.items():
            yield Leaving(
                column=f"{table.full_name} {index.name} ({name})",
                type="expression",
                values=count(part),
                withheld=part.withheld,
            )


def count(statistics: ColumnStatistics) -> int:
    """Production's values in one row of statistics."""
    lists = (
        statistics.most_common_vals,
        statistics.histogram_bounds,
        statistics.most_common_elems,
        statistics.range_bounds_histogram,
        statistics.range_length_histogram,
    )
    return sum(len(values) for values in lists if values)
