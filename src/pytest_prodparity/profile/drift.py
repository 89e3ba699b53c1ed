"""What changed between two profiles of one production, in lines that a reviewer reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .model import Column, ColumnStatistics, Profile, Table

GREW = 1.5
"""A table is reported from this factor on, either way."""
FEWEST = 1000
"""Tables that never had so many rows grow without being reported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference."""

    kind: str
    """`new`, `gone` or `changed`."""
    what: str
    """`table`, `column`, `index`, `constraint`, `rows`, `values`, `setting`, `extension`, `enum`, `domain`, `view`,
    `function`, `role`, `grant`, `server`."""
    name: str
    text: str = ""
    """Old and new, where something changed."""

    def __str__(self) -> str:
        return f"{self.kind} {self.what} {self.name}" + (f": {self.text}" if self.text else "")


def compare(old: Profile, new: Profile, *, grew: float = GREW) -> list[Change]:
    """Differences that matter to plans, to code or to review, the schema first; empty where nothing changed.

    Statistics that moved a little, sizes below the factor `grew` and round-trip times are no changes.
    """
    return [*_server(old, new), *_tables(old, new, grew), *_maps(old, new)]


def live(old: Profile, new: Profile, *, grew: float = GREW) -> list[Change]:
    """As `compare`, of a database that was read again by whoever: not who read it, nor what may leave."""
    apart = {("server", "role"), ("server", "connection_limit")}
    return [
        change
        for change in compare(old, new, grew=grew)
        if change.what != "values" and (change.what, change.name) not in apart
    ]


def _server(old: Profile, new: Profile) -> Iterator[Change]:
    for name in ("server_version", "database", "identity", "encoding", "collation", "connection_limit", "role"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            text = "another server or database" if name == "identity" else f"{before} -> {after}"
            yield Change(kind="changed", what="server", name=name, text=text)


def _tables(old: Profile, new: Profile, grew: float) -> Iterator[Change]:
    before = {table.full_name: table for table in old.tables}
    after = {table.full_name: table for table in new.tables}
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Change(kind="new", what="table", name=name, text=f"{after[name].rows:,.0f} rows")
        elif name not in after:
            yield Change(kind="gone", what="table", name=name)
        else:
            yield from _table(before[name], after[name], grew)


def _table(old: Table, new: Table, grew: float) -> Iterator[Change]:
    name = new.full_name
    if (old.kind, old.parent, old.bound) != (new.kind, new.parent, new.bound):
        text = f"{_place(old)} -> {_place(new)}"
        yield Change(kind="changed", what="table", name=name, text=text)
    if old.row_security != new.row_security:
        text = f"row-level security {old.row_security or 'off'} -> {new.row_security or 'off'}"
        yield Change(kind="changed", what="table", name=name, text=text)
    if old.readable != new.readable:
        text = "readable now" if new.readable else "the capturing role may not read it any more"
        yield Change(kind="changed", what="table", name=name, text=text)
    yield from _columns(old, new)
    yield from _named(
        "index",
        {f"{index.name} on {name}": index.definition + ("" if index.valid else " INVALID") for index in old.indexes},
        {f"{index.name} on {name}": index.definition + ("" if index.valid else " INVALID") for index in new.indexes},
        shown=True,
    )
    yield from _named(
        "constraint",
        {f"{entry.name} on {name}": entry.definition for entry in old.constraints},
        {f"{entry.name} on {name}": entry.definition for entry in new.constraints},
        shown=True,
    )
    yield from _asked(old, new)
    before, after = old.rows, new.rows
    factor = (after + 1) / (before + 1)
    if max(before, after) >= FEWEST and not 1 / grew < factor < grew:
        text = f"{before:,.0f} -> {after:,.0f}" + (f" ({after / before:.1f}x)" if before else "")
        yield Change(kind="changed", what="rows", name=name, text=text)


def _asked(old: Table, new: Table) -> Iterator[Change]:
    """What only `--whole` and `--probe` bring: to forget them in the next capture would lose it in silence."""
    if (old.whole is None) != (new.whole is None):
        text = "its rows leave production now" if new.whole else "its rows are not in the profile any more (--whole)"
        yield Change(kind="changed", what="values", name=new.full_name, text=text)
    if old.probes is not None and new.probes is None:
        yield Change(kind="changed", what="values", name=new.full_name, text="not probed any more (--probe)")


def _place(table: Table) -> str:
    return " ".join(
        part for part in (table.kind, f"of {table.parent}" if table.parent else "", table.bound or "") if part
    )


def _columns(old: Table, new: Table) -> Iterator[Change]:
    before = {f"{old.full_name}.{column.name}": column for column in old.columns}
    after = {f"{new.full_name}.{column.name}": column for column in new.columns}
    yield from _named(
        "column",
        {name: _declared(column) for name, column in before.items()},
        {name: _declared(column) for name, column in after.items()},
        shown=True,
    )
    for name in before.keys() & after.keys():
        leave, left = _leaves(after[name].statistics), _leaves(before[name].statistics)
        if before[name].statistics and after[name].statistics and leave != left:
            text = "its values leave production now" if leave else f"withheld now ({_why(after[name])})"
            yield Change(kind="changed", what="values", name=name, text=text)


def _declared(column: Column) -> str:
    parts = [column.type, "not null" if column.not_null else "", column.generated or ""]
    return " ".join(part for part in [*parts, f"default {column.default}" if column.default else ""] if part)


def _leaves(statistics: ColumnStatistics | None) -> bool:
    return statistics is not None and bool(
        statistics.most_common_vals or statistics.histogram_bounds or statistics.most_common_elems
    )


def _why(column: Column) -> str:
    return (column.statistics.withheld if column.statistics else None) or "no values"


def _maps(old: Profile, new: Profile) -> Iterator[Change]:
    yield from _named("setting", old.settings, new.settings, shown=True)
    yield from _named("extension", _versions(old), _versions(new), shown=True)
    enums = ({name: ", ".join(labels) for name, labels in profile.enums.items()} for profile in (old, new))
    yield from _named("enum", *enums, shown=True)
    yield from _named("domain", old.domains, new.domains, shown=True)
    yield from _named("view", old.views, new.views, shown=False)
    yield from _named("function", old.functions, new.functions, shown=True)
    roles = ({role.name: repr(role) for role in profile.roles} for profile in (old, new))
    yield from _named("role", *roles, shown=False)
    grants = (
        {f"{grant.kind} {grant.name}": f"{grant.owner}: {', '.join(grant.access)}" for grant in profile.grants}
        for profile in (old, new)
    )
    for change in _named("grant", *grants, shown=True):
        # the object itself is reported as new or gone
        if change.kind == "changed":
            yield change


def _versions(profile: Profile) -> dict[str, str]:
    return {extension.name: extension.version for extension in profile.extensions}


def _named(what: str, old: Mapping[str, str], new: Mapping[str, str], *, shown: bool) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change(kind="new", what=what, name=name, text=new[name] if shown else "")
        elif name not in new:
            yield Change(kind="gone", what=what, name=name)
        elif old[name] != new[name]:
            yield Change(kind="changed", what=what, name=name, text=f"{old[name]} -> {new[name]}" if shown else "")


def summary(changes: Sequence[Change]) -> str:
    """`2 new tables, 1 changed setting`."""
    counts: dict[tuple[str, str], int] = {}
    for change in changes:
        counts[change.kind, change.what] = counts.get((change.kind, change.what), 0) + 1
    plural = {"index": "indexes", "rows": "row counts", "values": "columns' values", "server": "facts of the server"}
    return ", ".join(
        f"{count} {kind} {plural.get(what, what + 's') if count > 1 or what in ('rows', 'values') else what}"
        for (kind, what), count in counts.items()
    )
