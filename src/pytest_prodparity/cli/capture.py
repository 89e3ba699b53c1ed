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
PROBE_SECONDS = 60.0


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
@click.option("--probe", is_flag=True, help="Count children per parent, compare columns: aggregates over rows.")
@click.option(
    "--probe-seconds",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="For all of --probe, a quarter of it for one query.  [default: 60]",
)
@click.option(
    "--whole", multiple=True, metavar="TABLES", help="Let all rows of these small tables leave: countries,currencies."
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
    probe: bool,
    probe_seconds: float | None,
    whole: tuple[str, ...],
    verbose: bool,
) -> None:
    """Read production, read-only, into parity/.

    URL is any PostgreSQL URL, a libpq string such as "service=production", or comes from PRODPARITY_PRODUCTION_URL, so
    that it need not be typed; without either, PGHOST and the other variables of libpq are used. One READ ONLY
    transaction, no locks on tables, no rows: statistics, sizes, settings and the schema. --probe counts over rows too,
    and --whole takes rows. Everything that is written is listed.
    """
    from ..profile.capture import capture
    from ..profile.store import PROFILE, SCHEMA, load, save

    if probe_seconds is not None and not probe:
        raise UsageError(
            "--probe-seconds says how long --probe may take.", fix=f"--probe --probe-seconds {probe_seconds:g}"
        )
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
            _url(url), values=not no_values, keep=keep, deny=deny, role=role, timeout=timeout, progress=progress,
            probe_seconds=(probe_seconds or PROBE_SECONDS) if probe else None,
            whole=[name.strip() for names in whole for name in names.split(",") if name.strip()],
        )  # fmt: skip
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
    _rows_and_probes(profile, verbose=verbose)
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


def _rows_and_probes(profile: Profile, *, verbose: bool) -> None:
    """What `--whole` and `--probe` let leave."""
    for table in profile.tables:
        if table.whole is not None:
            names = ", ".join(table.whole.columns)
            click.echo(f"  all {len(table.whole.rows):,} rows of {table.full_name}: {names or 'no column'}  (--whole)")
            for name, reason in table.whole.withheld.items():
                keep = "" if reason == "denied" else f': --keep "{table.name}.{name}" lets it leave'
                click.echo(f"    without {name} ({reason}{keep})")
    found = [(table, table.probes) for table in profile.tables if table.probes is not None]
    edges = [(table, edge) for table, probes in found for edge in probes.fan_outs]
    if not found:
        return
    soft = [(table, edge) for table, edge in edges if edge.constraint is None]
    click.echo(
        f"Probed, as numbers: children per parent of {sum(edge.known for _, edge in edges)} keys, {len(soft)} of them"
        f" undeclared; {sum(len(probes.differences) for _, probes in found)} differences of times;"
        f" NULLs of {sum(bool(probes.null_patterns) for _, probes in found)} tables;"
        f" {sum(len(probes.dependencies) for _, probes in found)} dependencies;"
        f" {sum(len(probes.companions) for _, probes in found)} columns that go with another one;"
        f" {sum(len(probes.agreements) for _, probes in found)} agreements of keys"
    )
    for table, edge in soft if verbose else soft[:_SHOWN]:
        own, theirs = ", ".join(edge.columns), ", ".join(edge.references_columns)
        click.echo(f"  {table.full_name}.{own} = {edge.references}.{theirs}  undeclared, {edge.overlap:.0%} found")
    if not verbose and len(soft) > _SHOWN:
        click.echo(f"  and {len(soft) - _SHOWN} more  (-v lists them)")


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
