"""`prodparity build`: the volume that a level's tests begin with, ahead of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from . import showing
from .asked import dial_of, of_a_volume, planned_volume, settings_of

if TYPE_CHECKING:
    from ..databases.provider import Server
    from ..synthesis.build import Progress
    from ..synthesis.volume import Volume

_SHOWN = 5
"""Approximations listed without -v."""


@click.command(name="build", short_help="Build the volume that a level's tests begin with, ahead of the run.")
@of_a_volume
@click.option("-v", "--verbose", is_flag=True, help="List each table's rows, and all that is approximate.")
def command(level: str | None, rows: tuple[str, ...], seed: str | None, database: str | None, verbose: bool) -> None:
    """Build the volume that a level's tests begin with, ahead of the run.

    A run builds it as well, when its first test needs it. It is made from the profile alone: no row of production is read.
    A second call finds it, and says so.
    """
    from ..databases.choose import choose
    from ..profile.store import load

    settings = settings_of({"level": level, "seed": seed, "database": database})
    dial, overrides = dial_of(rows, settings)
    stored = load(settings.root / settings.profile)
    volume = planned_volume(stored, settings, dial, overrides)
    chosen = choose(settings, stored.profile, say=lambda line: click.echo(line, err=True))
    try:
        server = chosen.provider.start()
        click.echo(
            f"{volume.total:,} rows of {stored.profile.database} ({volume.dial}), about "
            f"{showing.size(volume.estimate)}, seed {settings.seed}, on {chosen.shown(server)}"
        )
        for note in chosen.notes:
            click.echo(f"note: {note}")
        if verbose:
            for name, count in sorted(volume.counts.items(), key=lambda one: -one[1]):
                click.echo(f"  {count:>15,}  {name}")
        _build(server, volume, verbose=verbose)
    finally:
        chosen.provider.stop()


def _build(server: Server, volume: Volume, *, verbose: bool) -> None:
    from ..databases.template import Templates
    from ..synthesis.volume import ensure

    with Templates(server) as templates, _following(volume) as (progress, waiting):
        opened = ensure(templates, volume, progress=progress, waiting=waiting)
        templates.ready(opened.template)
    size = showing.size(opened.size)
    if opened.built:
        click.echo(
            f"Built in {opened.seconds:.1f} s: {opened.total:,} rows, {size}. prodparity cache lists what is kept."
        )
    else:
        click.echo(f"Already built: {opened.total:,} rows, {size}.")
    notes = opened.notes if verbose else opened.notes[:_SHOWN]
    for note in notes:
        click.echo(f"approximate: {note}")
    if len(notes) < len(opened.notes):
        click.echo(f"approximate: and {len(opened.notes) - len(notes)} more  (-v lists them)")


@contextmanager
def _following(volume: Volume) -> Iterator[tuple[Progress, Callable[[float], None]]]:
    """A bar on a terminal, else a line every few seconds."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        from ..synthesis.progress import Lines

        lines = Lines(lambda line: click.echo(line, err=True))
        yield lines, lines.waiting
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("starting", total=volume.total)
        yield (
            lambda done, total, what: bar.update(task, completed=done, total=total, description=what),
            lambda waited: bar.update(task, description=f"another process builds it; waiting, {waited:.0f} s"),
        )
