"""`prodparity show`: the profile on one screen."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import UsageError
from ..core.suggest import closest
from . import showing

if TYPE_CHECKING:
    from rich.console import Console

    from ..profile.model import Column, ColumnStatistics, Profile, Table

_LARGEST = 15


@click.command(name="show", short_help="The profile, on one screen.")
@click.argument("table", required=False)
@click.option("--from", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="The profile's folder.  [default: parity]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-v", "--verbose", is_flag=True, help="All tables, settings and withheld columns.")
def command(table: str | None, folder: Path | None, as_json: bool, verbose: bool) -> None:
    """The profile, on one screen; with TABLE its columns, indexes and statistics."""
    from rich.console import Console

    from ..profile.store import load

    profile = load(folder or showing.folder()).profile
    console = Console(highlight=False, soft_wrap=False)
    if table is None:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(profile), indent=1, ensure_ascii=False))
        else:
            _overview(console, profile, verbose=verbose)
        return
    found = _find(profile, table)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), indent=1, ensure_ascii=False))
    else:
        _table(console, profile, found)


def _find(profile: Profile, name: str) -> Table:
    found = profile.table(name)
    if found is not None:
        return found
    alike = [table.full_name for table in profile.tables if table.name == name]
    if alike:
        raise UsageError(f"Table {name!r} is in several schemas.", fix=f"prodparity show {alike[0]}")
    names = [part for table in profile.tables for part in (table.name, table.full_name)]
    raise UsageError(
        f"The profile has no table {name!r}{closest(name, names)}.", fix="prodparity show -v lists all tables"
    )


def _overview(console: Console, profile: Profile, *, verbose: bool) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table as Grid

    from ..profile.leaving import REASONS, leaving

    trip = f" · round trip {profile.round_trip_ms[1]:.2f} ms" if len(profile.round_trip_ms) > 1 else ""
    console.print(
        f"[bold]{showing.server(profile)}[/] · database {escape(profile.database)} · {showing.size(profile.size)} · "
        f"{len(profile.tables)} tables · {profile.origin} {showing.age(profile.captured_at)}{trip}"
    )
    tables = sorted(
        (table for table in profile.tables if table.kind != "partition"), key=lambda table: -_size(profile, table)
    )
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, side in (("table", "left"), ("rows", "right"), ("size", "right"), ("indexes", "right"), ("", "left")):
        grid.add_column(name, justify="right" if side == "right" else "left")
    for table in tables if verbose else tables[:_LARGEST]:
        rows = showing.rows(_rows(profile, table))
        grid.add_row(
            escape(table.full_name),
            rows,
            showing.size(_size(profile, table)),
            str(len(table.indexes)),
            _marks(profile, table),
        )
    console.print(grid)
    if not verbose and len(tables) > _LARGEST:
        console.print(f"and {len(tables) - _LARGEST} smaller tables (-v lists them)")
    columns = leaving(profile)
    kept = sum(1 for entry in columns if entry.values)
    console.print(f"values of {kept} columns are in the profile; withheld:", markup=False)
    for reason, text in REASONS.items():
        names = [entry.column for entry in columns if entry.withheld == reason]
        if names:
            console.print(f"  {reason} {len(names)}: {', '.join(names if verbose else names[:3])}"
                          f"{'' if verbose or len(names) <= 3 else ', …'}  ({text})", markup=False)  # fmt: skip
    if verbose:
        for name, value in profile.settings.items():
            console.print(f"  {name} = {value}", markup=False)
    for note in profile.notes:
        console.print(f"note: {note}", markup=False)


def _children(profile: Profile, table: Table) -> list[Table]:
    return [child for child in profile.tables if child.parent == table.full_name]


def _rows(profile: Profile, table: Table) -> float:
    if table.kind != "partitioned":
        return table.rows
    return sum(_rows(profile, child) for child in _children(profile, table))


def _size(profile: Profile, table: Table) -> int:
    own = table.size + table.toast_size + sum(index.size for index in table.indexes)
    below = _children(profile, table) if table.kind == "partitioned" else []
    return own + sum(_size(profile, child) for child in below)


def _marks(profile: Profile, table: Table) -> str:
    parts = [] if table.kind in ("table", "partition") else [table.kind]
    if table.kind == "partitioned":
        parts = [f"{len(_children(profile, table))} partitions"]
    elif table.tuples < 0:
        parts.append("never analysed")
    if not table.readable:
        parts.append("not readable")
    invalid = sum(1 for index in table.indexes if not index.valid)
    if invalid:
        parts.append(f"{invalid} invalid index{'es' if invalid > 1 else ''}")
    return ", ".join(parts)


def _table(console: Console, profile: Profile, table: Table) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table as Grid

    marks = _marks(profile, table)
    console.print(
        f"[bold]{escape(table.full_name)}[/] · {showing.rows(_rows(profile, table))} rows · "
        f"{showing.size(_size(profile, table))} with indexes" + (f" · {marks}" if marks else "")
    )
    if table.parent:
        console.print(f"of {table.parent} {table.bound or ''}", markup=False)
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("column", "type", "null", "distinct", "most common, or range"):
        grid.add_column(name)
    for column in table.columns:
        grid.add_row(*(escape(cell) for cell in _column(profile, table, column)))
    console.print(grid)
    for index in table.indexes:
        height = "" if index.height is None else f", height {index.height}"
        invalid = "" if index.valid else ", INVALID"
        console.print(f"{index.definition}  ({showing.size(index.size)}{height}{invalid})", markup=False)
    for constraint in table.constraints:
        if constraint.kind != "not null":
            console.print(f"{constraint.name}: {constraint.definition}", markup=False)


def _column(profile: Profile, table: Table, column: Column) -> tuple[str, ...]:
    kind = column.type + ("" if column.not_null else " null") + (f" {column.generated}" if column.generated else "")
    found = column.inherited_statistics if table.kind == "partitioned" else column.statistics
    if found is None:
        return column.name, kind, "", "", "no statistics"
    distinct = found.n_distinct if found.n_distinct >= 0 else -found.n_distinct * _rows(profile, table)
    return column.name, kind, f"{found.null_frac:.0%}", showing.rows(distinct), _values(found)


def _values(found: ColumnStatistics) -> str:
    if found.most_common_vals and found.most_common_freqs:
        pairs = zip(found.most_common_vals[:3], found.most_common_freqs, strict=False)
        return ", ".join(f"{value[:20]} {share:.1%}" for value, share in pairs)
    if found.histogram_bounds:
        return f"{found.histogram_bounds[0][:20]} … {found.histogram_bounds[-1][:20]}"
    return f"withheld: {found.withheld}" if found.withheld else ""
