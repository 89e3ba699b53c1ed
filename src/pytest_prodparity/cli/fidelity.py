"""`prodparity fidelity`: how much the built volume resembles production."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from ..core.errors import ProdparityError, UsageError
from .asked import dial_of, of_a_volume, planned_volume, settings_of
from .fidelity_page import summary, tables, write

if TYPE_CHECKING:
    import psycopg

    from ..core.settings import Settings
    from ..databases.provider import Server
    from ..profile.model import Profile
    from ..profile.store import Stored
    from ..synthesis.fidelity import Fidelity, JoinRows
    from ..synthesis.volume import Volume
    from ..twin.plan import Node
    from ..twin.twin import Twin

    Planned = tuple[float, object]

_SHOWN = 15


@click.command(name="fidelity", short_help="How much the built volume resembles production.")
@of_a_volume
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page with plots too.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="List every column, foreign key and join, not the worst.")
def command(
    level: str | None, rows: tuple[str, ...], seed: str | None, database: str | None, html: Path | None, verbose: bool
) -> None:
    """How much the built volume resembles production.

    Compares what ANALYZE found in the volume that `prodparity build` made with the profile: each column's share of NULLs,
    distinct values, common values, distribution (Kolmogorov-Smirnov) and correlation; children per parent of each foreign
    key; rows of the joins along the foreign keys against those that production's planner expects. The worst come first.
    """
    from ..databases.choose import choose
    from ..profile.store import load

    settings = settings_of({"level": level, "seed": seed, "database": database})
    if not rows and not settings.dials.rows:
        raise UsageError(
            f"There is nothing to compare: at level {settings.level} tests begin with the schema only (rows = 0).",
            fix="prodparity fidelity --level staging, or --rows 1%, of a volume that prodparity build made",
        )
    dial, overrides = dial_of(rows, settings)
    stored = load(settings.root / settings.profile)
    _check_statistics(stored.profile)
    volume = planned_volume(stored, settings, dial, overrides)
    chosen = choose(settings, stored.profile, say=lambda line: click.echo(line, err=True))
    try:
        found = _compared(chosen.provider.start(), volume, stored, settings)
    finally:
        chosen.provider.stop()
    _print(found, everything=verbose)
    if html is not None:
        write(html, found)
        click.echo(f"Written: {html}")


def _check_statistics(profile: Profile) -> None:
    from ..synthesis.fidelity import check_statistics

    check_statistics(profile)


def _compared(server: Server, volume: Volume, stored: Stored, settings: Settings) -> Fidelity:
    import psycopg

    from ..databases.template import Templates
    from ..profile.capture import capture
    from ..synthesis import volume as volumes
    from ..synthesis.fidelity import compare

    with Templates(server) as templates:
        template = volumes.kept(templates, volume)
        if template is None:
            asked = " ".join(["prodparity build", f"--level {settings.level}"])
            raise UsageError(
                f"No volume of {stored.profile.database} is built for {volume.dial}, seed {settings.seed}, at level"
                f" {settings.level}.",
                tried=f"Looked on {server!r}",
                fix=f"{asked}, with the same --rows and --seed, if any",
            )
        # a template takes no connections
        clone = templates.clone(template)
        try:
            click.echo("reading the volume's statistics", err=True)
            ours, _ = capture(server.dsn(clone), keep=("*",))
            with closing(psycopg.connect(server.dsn(clone), autocommit=True)) as connection:
                joins, notes = _joins(connection, stored, ours, server)
        finally:
            templates.drop(clone)
    return compare(stored.profile, ours, joins, notes)


def _joins(
    connection: psycopg.Connection, stored: Stored, ours: Profile, server: Server
) -> tuple[list[JoinRows], tuple[str, ...]]:
    """Of the twin's and the volume's planner; where there is no twin, none, and a note."""
    from ..databases.embedded import Embedded
    from ..synthesis.joins import measured
    from ..twin.twin import NEEDS, Twin

    rows = {table.full_name: table.rows for table in ours.tables}
    with ExitStack() as stack:
        try:
            if server.kind != "embedded" or server.version < NEEDS:
                provider = Embedded()
                stack.callback(provider.stop)
                server = provider.start()
            twin = stack.enter_context(closing(Twin.open(stored, server)))
        except ProdparityError as cause:
            return [], (f"joins are not compared: {cause.happened}",)
        return list(
            measured(
                connection,
                stored.profile,
                rows,
                lambda text: _expected(twin, text),
                lambda text: _explained(connection, text),
            )
        ), ()


def _expected(twin: Twin, text: str) -> Planned | None:
    from ..twin.plan import Plan

    plan = twin.plan(text)
    return (plan.root.rows, _shape(plan.root)) if isinstance(plan, Plan) else None


def _explained(connection: psycopg.Connection, text: str) -> Planned | None:
    from ..twin.plan import Node

    row = connection.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + text.encode()).fetchone()
    root = None if row is None else Node(row[0][0]["Plan"])
    return None if root is None else (root.rows, _shape(root))


def _shape(node: Node) -> object:
    fields = tuple(str(node.get(name)) for name in ("Node Type", "Relation Name", "Index Name", "Join Type"))
    return fields, tuple(_shape(child) for child in node.children)


def _print(found: Fidelity, *, everything: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    console = Console(highlight=False, soft_wrap=False)
    console.print(
        f"{found.database}: {found.rows:,} rows"
        + (f", times moved by {found.moved_days} days" if found.moved_days else ""),
        markup=False,
    )
    for title, names, rows in tables(found):
        shown = rows if everything else rows[:_SHOWN]
        grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
        for at, name in enumerate(names):
            grid.add_column(name, justify="left" if at == 0 or name == "" else "right", overflow="fold")
        for row in shown:
            grid.add_row(*map(escape, row))
        console.print(title, markup=False)
        console.print(grid if rows else "  none")
        if len(shown) < len(rows):
            console.print(f"and {len(rows) - len(shown)} better ones (-v lists them)", markup=False)
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    console.print(summary(found), markup=False)
