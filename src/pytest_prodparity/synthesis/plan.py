"""How many rows each table gets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..core.errors import UsageError
from ..core.levels import Rows
from ..profile.model import Profile, Table
from ..profile.scale import find, scaled

WHOLE = 1000
"""Tables of up to so many rows are lookup tables: they come whole at every scale."""
LEAST = 100
"""So many rows a larger table keeps at any scale, as far as it has them."""

FILLED = ("table", "partition")


def counts(profile: Profile, *, rows: Rows, overrides: Mapping[str, int] | None = None) -> dict[str, int]:
    """Rows of every table that holds some itself, by full name; partitioned tables get theirs in their partitions.

    Tables that foreign keys join are scaled alike, by what the dial's `most` leaves of the largest, so that children
    per parent stay. An override holds for its table; what refers to that table follows it, as far as `most` allows.
    Raises UsageError for a table that the profile does not have.
    """
    leaves = {table.full_name: table for table in profile.tables if table.kind in FILLED}
    base = {name: _production(table) for name, table in leaves.items()}
    edges = [(child, parent) for child, parent in references(profile) if child in base and parent in base]
    asked = _asked(profile, overrides or {}, base)
    found: dict[str, int] = {}
    for group in _groups(base, [edge for edge in edges if all(base[name] > WHOLE for name in edge)]):
        large = [name for name in group if base[name] > WHOLE]
        factor = min((_factor(base[name], rows) for name in large), default=1.0)
        for name in group:
            found[name] = _scaled(base[name], factor if name in large else 1.0, rows)
    return _followed(found, base, edges, asked, rows)


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
    wanted = max(round(count * factor), min(count, LEAST))
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
        total = sum(base[leaf] for leaf in leaves)
        for at, leaf in enumerate(leaves):
            before = sum(base[one] for one in leaves[:at]) / total if total else at / len(leaves)
            after = sum(base[one] for one in leaves[: at + 1]) / total if total else (at + 1) / len(leaves)
            found[leaf] = round(count * after) - round(count * before)
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
    waiting = [name for name in asked if base.get(name)]
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
