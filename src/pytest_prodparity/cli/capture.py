"""`prodparity capture`: production, read-only, into the profile's folder."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.errors import UsageError
from ..profile.address import VARIABLE
from . import showing

if TYPE_CHECKING:
    from ..profile.drift import Change
    from ..profile.leaving import Leaving
    from ..profile.model import Profile

_SHOWN = 8
"""Lines of each list without -v: everything fits one screen."""


@click.command(name="capture", short_help="Read production, read-only, into parity/.")
@click.argument("url", required=False, metavar="[URL]")
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Where to write.  [default: parity]")
@click.option("--role", metavar="ROLE", help="The application's role, whose settings are wanted.")
@click.option(
    "--keep", multiple=True, metavar="TABLE.COLUMN", help="Let all values of this column leave; * is anything."
)
@click.option(
    "--deny", multiple=True, metavar="TABLE.COLUMN", help="Let no value of this column leave; wins over --keep."
)
@click.option("--no-values", is_flag=True, help="Let no value of any column leave.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For each statement.",
)
@click.option("-v", "--verbose", is_flag=True, help="List every column and every change.")  # fmt: skip
def command(
    url: str | None,
    to: Path | None,
    role: str | None,
    keep: tuple[str, ...],
    deny: tuple[str, ...],
    no_values: bool,
    timeout: float,
    verbose: bool,
) -> None:
    """Read production, read-only, into parity/.

    URL is any PostgreSQL URL, a libpq string such as "service=production", or comes from PRODPARITY_PRODUCTION_URL, so
    that it need not be typed; without either, PGHOST and the other variables of libpq are used. One READ ONLY
    transaction, no locks on tables, no rows: statistics, sizes, settings and the schema. Everything that is written is
    listed.
    """
    from ..profile.capture import capture
    from ..profile.store import PROFILE, SCHEMA, load, save

    folder = to or showing.folder()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder.", fix="prodparity capture URL --to FOLDER")
    old: Profile | None = None
    broken: str | None = None
    if (folder / PROFILE).exists():
        try:
            old = load(folder).profile
        except UsageError as cause:
            broken = cause.happened
    started = time.monotonic()
    with _progress() as progress:
        profile, schema = capture(
            _url(url), values=not no_values, keep=keep, deny=deny, role=role, timeout=timeout, progress=progress
        )
    save(folder, profile, schema)
    _report(profile, time.monotonic() - started, verbose=verbose)
    if broken:
        click.echo(f"\nThe profile that was here could not be read, so nothing is compared: {broken}")
    elif old is not None:
        from ..profile.drift import compare

        _changes(compare(old, profile), old, verbose=verbose)
    written = sum((folder / name).stat().st_size for name in (PROFILE, SCHEMA))
    click.echo(
        f"\nWritten: {folder / PROFILE}, {folder / SCHEMA} ({showing.size(written)}). Review them, then commit both."
    )


def _url(said: str | None) -> str | None:
    url = said or os.environ.get(VARIABLE)
    if not url and not any(name in os.environ for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")):
        raise UsageError(
            "capture needs to know where production is.",
            tried=f"Looked in: the argument, {VARIABLE}, PGHOST, PGSERVICE, PGDATABASE",
            fix="prodparity capture postgresql://reader@db.example.com/shop",
        )
    return url


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line on the terminal once it has taken two seconds."""
    from rich.console import Console

    status = Console(stderr=True).status("Reading production")
    timer = threading.Timer(2.0, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda step: status.update(f"Reading production: {step}")
    finally:
        timer.cancel()
        timer.join()
        status.stop()


def _report(profile: Profile, seconds: float, *, verbose: bool) -> None:
    from ..profile.leaving import REASONS, leaving

    click.echo(
        f"{showing.server(profile)}, database {profile.database}, {len(profile.tables)} tables, "
        f"{showing.size(profile.size)}; read in {seconds:.1f} s, round trip {profile.round_trip_ms[1]:.2f} ms"
    )
    columns = leaving(profile)
    kept = [entry for entry in columns if entry.values]
    texts = [entry for entry in kept if entry.text or entry.type == "expression"]
    plain = [entry for entry in kept if entry not in texts]
    click.echo(f"\nValues that leave production: {sum(entry.values for entry in kept):,}, from {len(kept)} columns")
    if plain:
        click.echo(
            f"  {len(plain)} columns of numbers, times, booleans, enums" + ("" if verbose else "  (-v lists them)")
        )
    for entry in _some(plain if verbose else [], verbose=True):
        click.echo(f"    {entry.column}  {entry.values}")
    for entry in _some(texts, verbose=verbose):
        click.echo(f"  {entry.column}  {entry.values} common values")
    _rest(texts, verbose=verbose)
    withheld = [entry for entry in columns if entry.withheld]
    click.echo(f"Withheld, in whole or in part: {len(withheld)} columns")
    for reason, text in REASONS.items():
        names = [entry.column for entry in withheld if entry.withheld == reason]
        if names:
            listed = ", ".join(names if verbose else names[:4]) + ("" if verbose or len(names) <= 4 else ", …")
            click.echo(f"  {reason} {len(names)}: {listed}  ({text})")
    if profile.notes:
        click.echo("\nNotes")
        for note in profile.notes:
            click.echo(f"  {note}")


def _some(entries: list[Leaving], *, verbose: bool) -> list[Leaving]:
    return entries if verbose else entries[:_SHOWN]


def _rest(entries: list[Leaving], *, verbose: bool) -> None:
    if not verbose and len(entries) > _SHOWN:
        click.echo(f"  and {len(entries) - _SHOWN} more  (-v lists them)")


def _changes(changes: list[Change], old: Profile, *, verbose: bool) -> None:
    from ..profile.drift import summary

    since = f"Since the last capture ({showing.age(old.captured_at)})"
    if not changes:
        click.echo(f"\n{since}: no change.")
        return
    click.echo(f"\n{since}: {summary(changes)}")
    for change in changes if verbose else changes[: 2 * _SHOWN]:
        click.echo(f"  {' '.join(str(change).split())}")
    if not verbose and len(changes) > 2 * _SHOWN:
        click.echo(f"  and {len(changes) - 2 * _SHOWN} more  (-v lists them)")
