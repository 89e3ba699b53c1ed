"""A first profile where production is out of reach: a schema without rows, and what its author expects it to grow to.

Everything here is a guess, by rule of thumb, and the profile says so (`origin` is `declared`). Row counts are the author's;
distinct counts, shares and histograms follow from keys, types and names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..core.errors import UsageError
from ..core.suggest import closest
from .model import Column, ColumnStatistics, Constraint, Profile, Table
from .scale import scaled

ROWS = 100_000
"""Of a table about which nothing was said, and which no other table tells anything about."""
CHILDREN = 5
"""Rows of a child for each row of its parent, where only one of the two was said."""
LEAST = 100
_NOTE = "Declared, not captured: row counts are the author's, statistics are rules of thumb."
_BINS = 100
_DAYS = 730
_ROUND_TRIP_MS = [0.4, 0.5, 0.8, 2.0]
_FEW = re.compile(
    r"(^|_)(status|state|type|kind|category|role|currency|country|language|locale|level|priority|gender)$"
)
_NEW = re.compile(r"(created|inserted|added|occurred|recorded|logged|placed|started)")
_WIDTHS = {
    "json": 200,
    "jsonb": 200,
    "text": 32,
    "bytea": 200,
    "uuid": 16,
    "boolean": 1,
    "date": 4,
    "smallint": 2,
    "integer": 4,
}
_LABELS = re.compile(r"'((?:[^']|'')*)'")


def declared(profile: Profile, rows: Mapping[str, int]) -> Profile:
    """`profile` (of a schema without rows) as if its tables held `rows`, by `table` or `schema.table`.

    Raises UsageError for a table that is not in the schema, and for a count below zero.
    """
    counts = _counts(profile, rows)
    now = datetime.now(UTC).replace(microsecond=0)
    tables = [_described(profile, table, counts, now) for table in profile.tables]
    # Partitions share what their parent was said to have.
    top = {table.full_name: counts[table.full_name] for table in tables if table.full_name in counts}
    grown = scaled(replace(profile, tables=tables), top)
    return replace(
        grown, origin="declared", captured_at=now.isoformat(), round_trip_ms=_ROUND_TRIP_MS, identity="", notes=[_NOTE]
    )


def _counts(profile: Profile, said: Mapping[str, int]) -> dict[str, int]:
    """Rows of every table that is no partition: as said, else by the foreign keys from and to those that were."""
    known: dict[str, int] = {}
    for name, count in said.items():
        table = profile.table(name)
        if table is None:
            names = [each.name for each in profile.tables]
            raise UsageError(f"--rows {name}: the models have no table {name!r}{closest(name, names)}.")
        if count < 0:
            raise UsageError(f"--rows {name}={count}: a table cannot hold less than nothing.")
        known[table.full_name] = count
    wanted = [table for table in profile.tables if table.kind in ("table", "partitioned") and table.parent is None]
    edges = {(table.full_name, each.references) for table in wanted for each in _foreign(table)}
    unknown = [table.full_name for table in wanted if table.full_name not in known]
    while unknown:
        guesses = {name: _from_neighbours(name, edges, known) for name in unknown}
        told = {name: count for name, count in guesses.items() if count is not None}
        known |= told or {unknown[0]: ROWS}
        unknown = [name for name in unknown if name not in known]
    return known


def _from_neighbours(name: str, edges: set[tuple[str, str | None]], known: Mapping[str, int]) -> int | None:
    children = [known[child] for child, parent in edges if parent == name and child in known and child != name]
    if children:
        return max(LEAST, min(children) // CHILDREN)
    parents = [known[str(parent)] for child, parent in edges if child == name and parent in known and parent != name]
    return max(parents) * CHILDREN if parents else None


def _foreign(table: Table) -> list[Constraint]:
    return [each for each in table.constraints if each.kind == "foreign key" and len(each.columns) == 1]


def _described(profile: Profile, table: Table, counts: Mapping[str, int], now: datetime) -> Table:
    above = table
    while above.parent is not None:
        above = profile.table(above.parent) or above
        if above.parent == above.full_name:
            break
    count = counts.get(above.full_name, 0)
    columns = []
    for column in table.columns:
        found = _column(profile, table, column, count, counts, now)
        inherited = found if table.kind == "partitioned" else None
        columns.append(replace(column, statistics=None if inherited else found, inherited_statistics=inherited))
    return replace(table, columns=columns)


def _column(
    profile: Profile, table: Table, column: Column, count: int, counts: Mapping[str, int], now: datetime
) -> ColumnStatistics:
    nulls = 0.0 if column.not_null else 0.1
    width = _width(column.type)
    unique = any(index.unique and index.partial is None and index.columns == [column.name] for index in table.indexes)
    parent = next((counts.get(str(each.references)) for each in _foreign(table) if each.columns == [column.name]), None)
    labels = _labels(profile, table, column)
    whole = column.type in ("bigint", "integer", "smallint")
    if unique:
        rising = whole or column.type.startswith("timestamp")
        bounds = _numbers(count) if whole else None
        return _statistics(nulls, width, -1.0, bounds=bounds, correlation=1.0 if rising else 0.0)
    if parent is not None:
        return _statistics(nulls, width, _distinct(parent, count), bounds=_numbers(parent) if whole else None)
    if labels:
        shares = [1 / (at + 1) for at in range(len(labels))]
        shares = [(1 - nulls) * share / sum(shares) for share in shares]
        return _statistics(nulls, width, float(len(labels)), values=labels, shares=shares)
    if column.type == "date" or column.type.startswith("timestamp"):
        bounds = _moments(now, day=column.type == "date")
        distinct = float(_DAYS) if column.type == "date" else -1.0
        return _statistics(
            nulls, width, distinct, bounds=bounds, correlation=0.95 if _NEW.search(column.name.lower()) else 0.0
        )
    if whole or column.type.startswith(("numeric", "double", "real")):
        return _statistics(nulls, width, _distinct(10_000, count), bounds=_numbers(10_000))
    if _FEW.search(column.name.lower()):
        return _statistics(nulls, width, 10.0)
    return _statistics(nulls, width, -0.5 if "name" in column.name.lower() else -1.0)


def _statistics(
    nulls: float, width: int, distinct: float, *, bounds: list[str] | None = None, values: list[str] | None = None,
    shares: list[float] | None = None, correlation: float = 0.0,
) -> ColumnStatistics:  # fmt: skip
    return ColumnStatistics(
        null_frac=nulls, avg_width=width, n_distinct=distinct if distinct >= 0 else distinct * (1 - nulls),
        most_common_vals=values, most_common_freqs=shares, histogram_bounds=bounds, correlation=correlation,
    )  # fmt: skip


def _distinct(values: int, count: int) -> float:
    """As ANALYZE writes it: a share of the rows where it grows with them."""
    if not count or values >= count:
        return -1.0
    return -values / count if values > count / 10 else float(max(1, values))


def _labels(profile: Profile, table: Table, column: Column) -> list[str]:
    """All values of a boolean, an enum or a column whose CHECK lists them."""
    if column.type == "boolean":
        return ["f", "t"]
    bare = column.type.rpartition(".")[2].strip('"')
    for name, labels in profile.enums.items():
        if bare == name.rpartition(".")[2].strip('"'):
            return list(labels)
    for each in table.constraints:
        if each.kind == "check" and each.columns == [column.name] and re.search(r"= ANY \(|\bIN \(", each.definition):
            return [text.replace("''", "'") for text in _LABELS.findall(each.definition)]
    return []


def _width(kind: str) -> int:
    limit = re.fullmatch(r"(?:character varying|character)\((\d+)\)", kind)
    if limit:
        return max(2, min(int(limit[1]) // 2, 32))
    return _WIDTHS.get(kind, 32 if kind.endswith("[]") else 8)


def _numbers(count: int) -> list[str] | None:
    """A histogram's bounds over 1 to `count`, evenly."""
    bins = min(_BINS, count - 1)
    return [str(1 + (count - 1) * at // bins) for at in range(bins + 1)] if bins >= 1 else None


def _moments(now: datetime, *, day: bool) -> list[str]:
    start = now - timedelta(days=_DAYS)
    step = timedelta(days=_DAYS) / _BINS
    texts = [(start + at * step).replace(microsecond=0) for at in range(_BINS + 1)]
    return [text.date().isoformat() if day else f"{text:%Y-%m-%d %H:%M:%S}+00" for text in texts]
