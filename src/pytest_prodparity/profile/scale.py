"""A profile as if some tables had other numbers of rows: what `rows={"orders": 5_000_000}` means to the planner.

Sizes, pages, tuples and indexes grow alike, so production's rows per page stay. Of the statistics, shares stay as they
are (null fractions, common values, correlations, negative distinct counts); a positive distinct count is one that has
stopped growing, and stays, unless the table becomes smaller than it. Histograms stay: nobody knows the new values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..core.errors import UsageError
from ..core.suggest import closest
from .model import Column, ColumnStatistics, Index, Profile, Table

PAGE = 8192
_HEADER, _ROW_OVERHEAD = 24, 28


def scaled(profile: Profile, rows: Mapping[str, int]) -> Profile:
    """The profile with each named table (`schema.table`, or a bare name that is unambiguous) at that many rows.

    Rows of a partitioned table are spread over its partitions as they are now. Raises UsageError for a name that is not
    in the profile, with the nearest one.
    """
    wanted: dict[str, float] = {}
    for name, count in rows.items():
        _spread(profile, find(profile, name), float(count), wanted)
    tables = [
        _table(table, wanted[table.full_name]) if table.full_name in wanted else table for table in profile.tables
    ]
    tables = _parents(tables, wanted)
    grown = sum(_bytes(new) - _bytes(old) for old, new in zip(profile.tables, tables, strict=True))
    return replace(profile, tables=tables, size=max(0, profile.size + grown))


def find(profile: Profile, name: str) -> Table:
    """The table of `rows={name: …}`; raises UsageError with the nearest name, or the schemas that have one of that name."""
    table = profile.table(name)
    if table is not None:
        return table
    alike = [known.full_name for known in profile.tables if known.name == name]
    if alike:
        raise UsageError(f"rows: table {name!r} is in several schemas.", fix=f"write one of {', '.join(alike)}")
    names = [known.name for known in profile.tables] + [known.full_name for known in profile.tables]
    raise UsageError(f"rows: the profile has no table {name!r}{closest(name, names)}.", fix="prodparity show")


def _spread(profile: Profile, table: Table, count: float, wanted: dict[str, float]) -> None:
    wanted[table.full_name] = count
    if table.kind != "partitioned":
        return
    below = [child for child in profile.tables if child.parent == table.full_name]
    now = [_rows(profile, child) for child in below]
    for child, share in zip(below, now, strict=True):
        part = share / sum(now) if sum(now) else 1 / len(below)
        _spread(profile, child, round(count * part), wanted)


def _rows(profile: Profile, table: Table) -> float:
    if table.kind != "partitioned":
        return table.rows
    return sum(_rows(profile, child) for child in profile.tables if child.parent == table.full_name)


def _parents(tables: Sequence[Table], wanted: Mapping[str, float]) -> list[Table]:
    """Partitioned tables of which a partition changed count anew, where ANALYZE had counted them."""
    result = list(tables)
    changed = {table.parent for table in tables if table.full_name in wanted and table.parent}
    while changed:
        higher = set()
        for at, table in enumerate(result):
            if table.full_name in changed and table.full_name not in wanted and table.kind == "partitioned":
                if table.tuples >= 0:
                    total = sum(max(0.0, child.tuples) for child in result if child.parent == table.full_name)
                    result[at] = replace(table, tuples=total)
                if table.parent:
                    higher.add(table.parent)
        changed = higher
    return result


def _table(table: Table, count: float) -> Table:
    if table.kind == "partitioned":
        columns = [_column(table, column, count) for column in table.columns]
        return replace(table, tuples=count, columns=columns)
    before = table.rows
    pages_before = table.size / PAGE
    if before > 0 and pages_before > 0:
        ratio = count / before
        pages = math.ceil(pages_before * ratio)
    else:
        ratio = 0.0
        pages = math.ceil(count * (_width(table.columns) + _ROW_OVERHEAD) / (PAGE - _HEADER))
    visible = table.all_visible / table.pages if table.pages else 0.0
    frozen = None if table.all_frozen is None else table.all_frozen / table.pages if table.pages else 0.0
    return replace(
        table,
        tuples=count,
        pages=pages,
        size=pages * PAGE,
        live_rows=None,
        all_visible=min(pages, round(visible * pages)),
        all_frozen=None if frozen is None else min(pages, round(frozen * pages)),
        toast_size=round(table.toast_size * ratio / PAGE) * PAGE,
        columns=[_column(table, column, count) for column in table.columns],
        indexes=[_index(table, index, count, ratio) for index in table.indexes],
    )


def _column(table: Table, column: Column, count: float) -> Column:
    unique = any(index.unique and index.partial is None and index.columns == [column.name] for index in table.indexes)

    def fitted(statistics: ColumnStatistics | None) -> ColumnStatistics | None:
        if statistics is None or statistics.n_distinct <= 0:
            return statistics
        if unique or statistics.n_distinct >= count > 0:
            return replace(statistics, n_distinct=-(1.0 - statistics.null_frac))
        return statistics

    return replace(
        column,
        statistics=fitted(column.statistics),
        inherited_statistics=fitted(column.inherited_statistics),
    )


def _index(table: Table, index: Index, count: float, ratio: float) -> Index:
    pages_before = index.size // PAGE
    width = _key_width(table, index)
    if ratio > 0 and pages_before > 1:
        # the first page holds no keys
        pages = 1 + math.ceil((pages_before - 1) * ratio)
        tuples = index.tuples * ratio
    else:
        pages = 1 + math.ceil(count * (width + 16) / (PAGE * 0.9))
        tuples = count
    gin = index.gin
    if gin is not None:
        gin = {key: round(value * ratio) if key in _GIN_COUNTS else value for key, value in gin.items()}
    height = index.height
    if height is not None:
        height = max(0, height + _levels(pages, width) - _levels(pages_before, width))
    return replace(index, pages=pages, tuples=tuples, size=pages * PAGE, gin=gin, height=height)


_GIN_COUNTS = {"n_total_pages", "n_entry_pages", "n_data_pages", "n_entries"}


def _levels(pages: int, width: float) -> int:
    """The root's level of a B-tree: measured fan-out, 70 % of a page over the key with its item."""
    fanout = max(2.0, 5734 / (12 + width))
    leaves = max(1.0, pages - 1)
    return 0 if leaves <= 1 else max(1, math.ceil(math.log(leaves, fanout) - 1e-9))


def _key_width(table: Table, index: Index) -> float:
    widths = {column.name: _width([column]) for column in table.columns}
    total = sum(widths.get(name, 16.0) for name in index.columns)
    return math.ceil(total / 8) * 8


_WIDTHS = {
    "bigint": 8,
    "integer": 4,
    "smallint": 2,
    "boolean": 1,
    "date": 4,
    "uuid": 16,
    "double precision": 8,
    "real": 4,
}


def _width(columns: Sequence[Column]) -> float:
    """Bytes of data, from ANALYZE where it knows them."""
    total = 0.0
    for column in columns:
        statistics = column.statistics or column.inherited_statistics
        total += (
            statistics.avg_width
            if statistics
            else 8
            if column.type.startswith("timestamp")
            else _WIDTHS.get(column.type, 32)
        )
    return total


def _bytes(table: Table) -> int:
    return table.size + table.toast_size + sum(index.size for index in table.indexes)
