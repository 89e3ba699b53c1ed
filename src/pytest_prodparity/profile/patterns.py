"""What columns of a row have to do with each other: differences of times, NULLs that come together, dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from psycopg import sql

from .model import Column, ColumnStatistics, Constraint, Table
from .probed import SHARES, Dependency, Difference, NullPattern
from .probing import Probing, keys, rows_of, sample

MOST_TIMES = 8
"""Columns of dates and times of a table that are compared."""
MOST_PATTERNS = 10
MOST_NULLABLE = 24
MOST_DETERMINANTS = 6
RELATED = 0.7
"""A difference that is spread less than so much of the column's own spread tells something."""
SPREAD = 5
"""Times as many blocks as a sample has otherwise, where rows of one block are often alike."""
MANY = 20
"""Values from which on a determinant is more than a category."""
_TIMES = {"date", "timestamp", "timestamptz"}


def differences(probing: Probing, tables: Mapping[str, Table], table: Table) -> list[Difference]:
    """Of each date or time to the one that it lies closest to, an earlier column of its row or one of a parent."""
    own = _times(probing, table)
    if not own:
        return []
    queries: list[tuple[list[str], str, list[tuple[str, str]], sql.Composed]] = []
    pairs = [(late, early) for at, late in enumerate(own) for early in own[:at]]
    if pairs:
        columns = _numbered(_difference(sql.Identifier(late), sql.Identifier(early)) for late, early in pairs)
        source = sample(table, own) + sql.SQL(" AS s")
        queries.append(([], "", pairs, sql.SQL("SELECT {} FROM ").format(columns) + source))
    for key in keys(table):
        parent = tables.get(key.references or "")
        theirs = _times(probing, parent) if parent is not None and parent.full_name != table.full_name else []
        if parent is not None and theirs:
            pairs = [(late, early) for late in own for early in theirs]
            queries.append((key.columns, parent.name, pairs, _joined(table, parent, key, own, pairs)))
    if not queries:
        return []
    best: dict[str, tuple[float, Difference]] = {}
    widths = _widths(probing, table, own)
    for reference, parent_name, pairs, query in queries:
        rows = probing.ask(
            f"differences of times of {table.full_name}{' to ' + parent_name if reference else ''}", query
        )
        for at, (late, early) in enumerate(pairs):
            found = list(rows[0].values())[at] if rows else None
            if not found or found[0] is None:
                continue
            seconds = [round(float(value), 3) for value in found]
            spread = _spread(seconds)
            related = spread < RELATED * widths.get(late, 0.0)
            if related and (late not in best or spread < best[late][0]):
                best[late] = spread, Difference(column=late, base=early, reference=reference, seconds=seconds)
    return [difference for _, difference in best.values()]


def _widths(probing: Probing, table: Table, own: Sequence[str]) -> dict[str, float]:
    """How widely each of them is spread by itself."""
    zero = sql.Literal("2000-01-01")
    columns = _numbered(_difference(sql.Identifier(name), zero) for name in own)
    query = sql.SQL("SELECT {} FROM {} AS s").format(columns, sample(table, own))
    rows = probing.ask(f"times of {table.full_name}", query)
    found = zip(own, rows[0].values(), strict=True) if rows else ()
    return {name: _spread([float(value) for value in values]) for name, values in found if values}


def _spread(seconds: Sequence[float]) -> float:
    """Of the middle nine tenths."""
    return seconds[SHARES.index(0.95)] - seconds[SHARES.index(0.05)]


def _times(probing: Probing, table: Table) -> list[str]:
    names = [
        column.name
        for column in table.columns
        if probing.type(table, column.name).name in _TIMES
        and probing.type(table, column.name).form == "scalar"
        and probing.may_leave(table, column.name)
        and (known(column) is None or not _constant(column))
    ]
    return names[:MOST_TIMES]


def _constant(column: Column) -> bool:
    found = known(column)
    return bool(found and (found.null_frac > 0.999 or found.n_distinct == 1))


def known(column: Column) -> ColumnStatistics | None:
    """Its statistics, of whichever kind."""
    return column.statistics or column.inherited_statistics


def _difference(late: sql.Composable, early: sql.Composable) -> sql.Composed:
    return sql.SQL(
        "percentile_disc({}) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM {}::timestamp) - EXTRACT(EPOCH FROM {}::timestamp))"
        " FILTER (WHERE isfinite({}::timestamp) AND isfinite({}::timestamp))"
    ).format(sql.Literal(list(map(float, SHARES))), late, early, late, early)


def _joined(
    table: Table, parent: Table, key: Constraint, own: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> sql.Composed:
    match = sql.SQL(" AND ").join(
        sql.SQL("s.{} = p.{}").format(sql.Identifier(child), sql.Identifier(of))
        for child, of in zip(key.columns, key.references_columns, strict=True)
    )
    columns = _numbered(_difference(sql.Identifier("s", late), sql.Identifier("p", early)) for late, early in pairs)
    wanted = list(dict.fromkeys([*key.columns, *own]))
    return sql.SQL("SELECT {} FROM {} AS s JOIN {} AS p ON {}").format(
        columns, sample(table, wanted), rows_of(parent), match
    )


def _numbered(expressions: Iterable[sql.Composable]) -> sql.Composed:
    """With a name of its own for each: rows are dictionaries."""
    return sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(one, sql.Identifier(f"v{at}")) for at, one in enumerate(expressions)
    )


def null_patterns(probing: Probing, table: Table) -> list[NullPattern]:
    """Which columns are NULL together, the most frequent sets first."""
    names = [
        column.name
        for column in table.columns
        if (found := known(column)) is not None and 0 < found.null_frac < 1 and not column.not_null
    ][:MOST_NULLABLE]
    if not names:
        return []
    flags = sql.SQL(", ").join(sql.SQL("{} IS NULL").format(sql.Identifier(name)) for name in names)
    rows = probing.ask(
        f"NULLs of {table.full_name}",
        sql.SQL(
            "SELECT ARRAY[{}] AS nulls, count(*)::float8 / sum(count(*)) OVER () AS share FROM {} AS s"
            " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {}"
        ).format(flags, sample(table, names, SPREAD), sql.Literal(MOST_PATTERNS)),
    )
    return [
        NullPattern(
            columns=[name for name, null in zip(names, row["nulls"], strict=True) if null], share=round(row["share"], 5)
        )
        for row in rows or []
    ]


def dependencies(probing: Probing, table: Table) -> list[Dependency]:
    """Columns that another one, with many values, determines."""
    rows = table.rows
    several = {column.name: _distinct(column, rows) for column in table.columns if _comparable(probing, table, column)}
    referring = {name for key in keys(table) for name in key.columns}
    determinants = sorted(
        (name for name, count in several.items() if MANY < count < rows / 4), key=lambda name: several[name]
    )[:MOST_DETERMINANTS]
    pairs = [
        (one, other)
        for one in determinants
        for other, count in several.items()
        if other != one and 1 < count <= several[one] and other not in referring
    ]
    if not pairs:
        return []
    counts = [_distinct_of([name]) for name in determinants]
    counts += [_distinct_of(pair) for pair in pairs]
    wanted = list(dict.fromkeys([*determinants, *(name for pair in pairs for name in pair)]))
    found = probing.ask(
        f"dependencies of {table.full_name}",
        sql.SQL("SELECT count(*), {} FROM {} AS s").format(_numbered(counts), sample(table, wanted)),
    )
    if not found:
        return []
    looked_at, *numbers = [int(value) for value in found[0].values()]
    alone = dict(zip(determinants, numbers, strict=False))
    return [
        Dependency(determinant=one, dependent=other)
        for (one, other), together in zip(pairs, numbers[len(determinants) :], strict=True)
        # each value has come several times, and has never had another partner
        if alone[one] >= MANY and together <= alone[one] * 1.001 and looked_at >= 2 * alone[one]
    ]


def _distinct_of(names: Iterable[str]) -> sql.Composed:
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("count(DISTINCT ({}))").format(listed)


def _distinct(column: Column, rows: float) -> float:
    found = known(column)
    if found is None:
        return 0.0
    return found.n_distinct if found.n_distinct >= 0 else -found.n_distinct * rows


def _comparable(probing: Probing, table: Table, column: Column) -> bool:
    kind = probing.type(table, column.name)
    return kind.form == "scalar" and (kind.harmless or kind.text) and known(column) is not None
