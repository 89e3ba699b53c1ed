"""How many rows each table gets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..core.errors import UsageError
from ..core.levels import Rows
from ..profile.model import Profile, Table
from ..profile.scale import find, scaled

WHOLE = 1000
"""Tables of up to so many rows are lookup tables: they come whole at every scale."""
LEAST = 100
"""So many rows a larger table keeps at any scale, as far as it has them."""

FEW = 10
"""So many rows a smaller table keeps that belongs to one that is scaled."""
BELONGS = 0.1
"""From so many parents a child on a small table is no lookup: it is scaled with them."""

TOPS = ("table", "partition", "partitioned")
FILLED = ("table", "partition")


def counts(profile: Profile, *, rows: Rows, overrides: Mapping[str, int] | None = None) -> dict[str, int]:
    """Rows of every table that holds some itself, by full name; partitioned tables get theirs in their partitions.

    Tables that foreign keys join are scaled alike, by what the dial's `most` leaves of the largest, so that children
    per parent stay. An override holds for its table; what refers to that table follows it, as far as `most` allows.
    Raises UsageError for a table that the profile does not have.
    """
    leaves = {table.full_name: table for table in profile.tables if table.kind in FILLED}
    base = {name: _production(table) for name, table in leaves.items()}
    asked = _asked(profile, overrides or {}, base)
    found: dict[str, int] = {}
    for top, count in _tops(profile, base, rows).items():
        below = leaves_of(profile, top)
        found |= dict(zip(below, _spread(count, [base[one] for one in below]), strict=True))
    edges = [(child, parent) for child, parent in references(profile) if child in base and parent in base]
    return _followed(found, base, edges, asked, rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edge:
    """A foreign key between two tables that are scaled."""

    parent: str
    once: bool
    """Has a parent at most one such child?"""
    null: float
    """The share of rows that have no parent."""
    belongs: bool
    """Are there about as many parents as children? Else a lookup table tells who made its rows."""


def _tops(profile: Profile, base: Mapping[str, int], rows: Rows) -> dict[str, int]:
    """Rows of each table, partitioned ones as a whole.

    Large tables take the share; small ones stay whole, as lookups do, unless they belong to what is scaled. From
    parents down, each table follows its parents' own share, so that a parent that keeps a least number keeps as many
    children each.
    """
    tops = {table.full_name: table for table in profile.tables if table.kind in TOPS and not _within(profile, table)}
    total = {name: sum(base[leaf] for leaf in leaves_of(profile, name)) for name in tops}
    edges = {name: _edges(table, tops, total) for name, table in tops.items()}
    large = [name for name in tops if total[name] > WHOLE]
    joined = [(name, edge.parent) for name in large for edge in edges[name] if total[edge.parent] > WHOLE]
    factors: dict[str, float] = {}
    for group in _groups(large, joined):
        factors |= dict.fromkeys(group, min(_factor(total[name], rows) for name in group))
    found: dict[str, int] = {}
    for name in _downwards(edges):
        shares = [
            found[edge.parent] / total[edge.parent]
            for edge in edges[name]
            if total[edge.parent] and edge.parent in found and (edge.belongs or name in factors)
        ]
        follows = min([one for one in shares if one < 1], default=factors.get(name, 1.0))
        wanted = _scaled(total[name], follows, rows)
        for edge in edges[name]:
            if edge.once and edge.parent in found:
                wanted = min(wanted, math.floor(found[edge.parent] / max(1 - edge.null, 1e-9) + 1e-6))
        found[name] = wanted
    return found


def _within(profile: Profile, table: Table) -> bool:
    """Is it a partition, however deep?"""
    return table.kind == "partition" or any(
        one.full_name == table.parent and one.kind == "partitioned" for one in profile.tables
    )


def _edges(table: Table, tops: Mapping[str, Table], total: Mapping[str, int]) -> list[_Edge]:
    unique = [set(index.columns) for index in table.indexes if index.unique and index.partial is None and index.columns]
    unique += [set(one.columns) for one in table.constraints if one.kind in ("primary key", "unique")]
    found = []
    for one in table.constraints:
        if one.kind != "foreign key" or one.references is None or one.references == table.full_name:
            continue
        if one.references not in tops:
            continue
        once = any(columns <= set(one.columns) for columns in unique)
        several = max((_several(table, name, total[table.full_name]) for name in one.columns), default=1.0)
        few = total[table.full_name] <= LEAST
        null = max((_null(table, name) for name in one.columns), default=0.0)
        belongs = once or (several >= BELONGS and not few)
        found.append(_Edge(parent=one.references, once=once, null=null, belongs=belongs))
    return found


def _null(table: Table, name: str) -> float:
    """The share of a column's NULLs."""
    column = next((one for one in table.columns if one.name == name), None)
    statistics = column and (column.inherited_statistics or column.statistics)
    return statistics.null_frac if statistics and column and not column.not_null else 0.0


def _several(table: Table, name: str, count: int) -> float:
    """Different values of a column, as a share of the rows that have one."""
    column = next((one for one in table.columns if one.name == name), None)
    statistics = column and (column.inherited_statistics or column.statistics)
    if not statistics or not statistics.n_distinct or not count or statistics.null_frac >= 1:
        return 1.0
    distinct = statistics.n_distinct / count if statistics.n_distinct > 0 else -statistics.n_distinct
    return distinct / (1 - statistics.null_frac)


def _downwards(edges: Mapping[str, Sequence[_Edge]]) -> list[str]:
    """Parents before children; a cycle begins anywhere."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    for first in edges:
        stack = [(first, False)]
        while stack:
            name, done = stack.pop()
            if done:
                found[name] = None
            elif name not in seen:
                seen.add(name)
                stack.append((name, True))
                stack += [(edge.parent, False) for edge in edges[name]]
    return list(found)


def _spread(count: int, sizes: Sequence[int]) -> list[int]:
    """`count` rows over parts of these sizes."""
    total = sum(sizes)
    ends = [0]
    for at, size in enumerate(sizes):
        share = (sum(sizes[:at]) + size) / total if total else (at + 1) / len(sizes)
        ends.append(round(count * share))
    return [after - before for before, after in pairwise(ends)]


def _production(table: Table) -> int:
    return math.ceil(max(0.0, table.rows)) if table.whole is None else len(table.whole.rows)


def bytes_of(profile: Profile, counts: Mapping[str, int]) -> int:
    """About how large the database becomes: production's bytes a row, of tables, indexes and long values."""
    names = {table.full_name for table in profile.tables if table.kind in FILLED}
    wanted = {name: count for name, count in counts.items() if name in names}
    tables = [table for table in scaled(profile, wanted).tables if table.full_name in wanted]
    return sum(
        table.size + table.toast_size + sum(max(index.size, 8192) for index in table.indexes) for table in tables
    )


def whole(profile: Profile, counts: Mapping[str, int]) -> dict[str, int]:
    """The counts, and those of partitioned tables: of all their partitions."""
    return {
        table.full_name: sum(counts.get(leaf, 0) for leaf in leaves_of(profile, table.full_name))
        for table in profile.tables
        if table.kind in (*FILLED, "partitioned")
    }


def references(profile: Profile) -> list[tuple[str, str]]:
    """(child, parent) of each foreign key to another table, by full name; of partitioned tables, their leaves."""
    leaves = {table.full_name: leaves_of(profile, table.full_name) for table in profile.tables}
    found = {
        (child, parent): None
        for table in profile.tables
        for constraint in table.constraints
        if constraint.kind == "foreign key" and constraint.references
        for child in leaves.get(table.full_name, ())
        for parent in leaves.get(constraint.references, ())
        if child != parent
    }
    return list(found)


def leaves_of(profile: Profile, name: str) -> list[str]:
    """The tables that hold the rows of `name`: itself, or the partitions below it."""
    table = next((table for table in profile.tables if table.full_name == name), None)
    if table is None:
        return []
    if table.kind != "partitioned":
        return [name]
    below = [child.full_name for child in profile.tables if child.parent == name]
    return [leaf for child in below for leaf in leaves_of(profile, child)]


def _factor(count: int, rows: Rows) -> float:
    if not rows:
        return 0.0
    return rows.share if rows.most is None else min(rows.share, rows.most / count)


def _scaled(count: int, factor: float, rows: Rows) -> int:
    if not rows or not count:
        return 0
    wanted = max(round(count * factor), min(count, LEAST if count > WHOLE else FEW))
    return wanted if rows.most is None else min(wanted, rows.most)


def _groups(names: Iterable[str], edges: list[tuple[str, str]]) -> list[list[str]]:
    """Tables that edges connect."""
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for one, other in edges:
        leader[find(one)] = find(other)
    groups: dict[str, list[str]] = {}
    for name in leader:
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())


def _asked(profile: Profile, overrides: Mapping[str, int], base: Mapping[str, int]) -> dict[str, int]:
    """Overrides by full name of tables that hold rows; a partitioned table's are spread over its partitions."""
    found: dict[str, int] = {}
    for name, count in overrides.items():
        table = find(profile, name)
        leaves = leaves_of(profile, table.full_name)
        if count < 0:
            raise UsageError(f"rows: {name} = {count} is less than nothing.", fix=f"rows = {{{name!r}: 0}}")
        if table.kind not in (*FILLED, "partitioned"):
            raise UsageError(f"rows: {table.full_name} is a {table.kind}, which holds no rows of its own.")
        found |= dict(zip(leaves, _spread(count, [base[leaf] for leaf in leaves]), strict=True))
    return found


def _followed(
    found: dict[str, int],
    base: Mapping[str, int],
    edges: list[tuple[str, str]],
    asked: Mapping[str, int],
    rows: Rows,
) -> dict[str, int]:
    """With the overrides, and what refers to them."""
    result = {**found, **asked}
    # with no rows but those that are asked for, nothing follows
    waiting = [name for name in asked if base.get(name)] if rows else []
    seen = set(asked)
    while waiting:
        parent = waiting.pop()
        for child in (child for child, of in edges if of == parent and child not in seen):
            seen.add(child)
            follows = round(base[child] * result[parent] / base[parent])
            grown = follows if rows.most is None else min(follows, max(rows.most, found[child]))
            result[child] = grown if result[parent] else 0
            if base[child]:
                waiting.append(child)
    return result
