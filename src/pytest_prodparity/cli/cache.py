"""`prodparity cache`: the kept databases, listed and removed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ..core.errors import ProdparityError, UsageError
from ..core.suggest import closest
from . import showing

if TYPE_CHECKING:
    import psycopg

    from ..core.settings import Settings
    from ..databases.kept import Kept
    from ..databases.provider import Server

_DAYS = 7
_SHORTEST = 4
"""Letters of a name that suffice."""


@click.command(name="cache", short_help="The kept databases: list them, remove them.")
@click.argument("act", type=click.Choice(["list", "prune"]), default="list")
@click.argument("names", nargs=-1)
@click.option("--days", type=click.FloatRange(min=0), default=_DAYS, show_default=True, metavar="DAYS", help="prune: remove what was not used for so long.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="prune: remove all; runs that still need one build it anew.")
@click.option(
    "--database", metavar="WHERE", help="A server of yours besides, by its URL.  [default: as the settings have it]"
)
@click.option(
    "-v", "--verbose", is_flag=True, help="list: times, the size of ready copies, and all that is approximate."
)
def command(
    act: str, names: tuple[str, ...], days: float, everything: bool, database: str | None, verbose: bool
) -> None:
    """The kept databases: list them, remove them.

    `prodparity cache` lists the volumes and the empty templates on the embedded server, in the containers of ours, which are
    started for it, and on the server that the settings name, as far as they can be reached. `prodparity cache prune` removes those that were
    not used for a week; `prodparity cache prune NAME` removes one, by the beginning of its name.
    """
    if act == "list" and (names or everything):
        raise UsageError(
            "list takes no names and no --all.", fix="prodparity cache prune NAME, or prodparity cache prune --all"
        )
    with _reached(database) as found:
        if act == "list":
            _list(found, verbose=verbose)
        else:
            _prune(found, names, seconds=0 if everything else days * 86400)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A server that was reached, and what is kept there; or why it was not."""

    where: str
    kept: tuple[Kept, ...] = ()
    connection: psycopg.Connection | None = None
    problem: str | None = None


@contextmanager
def _reached(database: str | None) -> Iterator[list[_Place]]:
    """Every server of ours that can be reached, with an open connection each; the embedded one is started for it."""
    from .asked import settings_of

    settings = settings_of({"database": database})
    with ExitStack() as stack:
        places = [_embedded(stack), *_containers(stack)]
        if "://" in settings.database:
            places.append(_external(stack, settings))
        yield [place for place in places if place is not None]


def _embedded(stack: ExitStack) -> _Place | None:
    from ..databases.account import Account
    from ..databases.binaries import usable
    from ..databases.cache import cache
    from ..databases.embedded import Embedded, clusters, label

    account = Account.current()
    root = cache(account).root
    if not (clusters(root) / label(usable(account, lambda: root)) / "data").exists():
        return None
    provider = Embedded()
    stack.callback(provider.stop)
    return _looked(stack, provider.start(), f"embedded, {root}")


def _containers(stack: ExitStack) -> Iterator[_Place]:
    from ..databases import docker
    from ..databases.account import Account

    root = docker.containers(Account.current())
    kept = docker.kept(root)
    outdated = docker.outdated(root) if kept else []
    for folder, data in kept:
        where = f"docker, {data.image}"
        if folder in outdated:
            yield _Place(
                where=where, problem="its image is not there any more; prodparity doctor --fix removes its data"
            )
            continue
        provider = docker.Docker(major=data.major, image=data.image)
        stack.callback(provider.stop)
        try:
            yield _looked(stack, provider.start(), where)
        except ProdparityError as cause:
            yield _Place(where=where, problem=cause.happened)


def _external(stack: ExitStack, settings: Settings) -> _Place:
    from ..databases.choose import choose
    from ..databases.external import parse

    where = f"external, {parse(settings.database)}"
    try:
        return _looked(stack, choose(settings, None).provider.start(), where)
    except ProdparityError as cause:
        return _Place(where=where, problem=cause.happened)


def _looked(stack: ExitStack, server: Server, where: str) -> _Place:
    import psycopg

    from ..databases import roles
    from ..databases.kept import kept

    try:
        connection = stack.enter_context(closing(psycopg.connect(server.dsn(), autocommit=True, connect_timeout=5)))
        found = kept(connection, roles.login(server).user)
    except psycopg.Error as cause:
        return _Place(where=where, problem=" ".join(str(cause).split()))
    return _Place(where=where, kept=tuple(found), connection=connection)


def _list(places: list[_Place], *, verbose: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    from ..synthesis.volume import Label

    console = Console(highlight=False, soft_wrap=False)
    total = 0
    for place in places:
        if place.problem is not None:
            console.print(f"{escape(place.where)}: cannot be reached: {escape(place.problem)}")
            continue
        console.print(escape(place.where))
        grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("name", "profile", "level", "rows", "seed", "size", "ready", "last use"):
            right = name in ("rows", "seed", "size", "ready")
            grid.add_column(name, justify="right" if right else "left", no_wrap=name in ("name", "size"))
        notes: list[str] = []
        for one in place.kept:
            label = Label.read(one.label)
            total += one.whole_size
            if label is None:
                about = ["", "", "none", ""]
            else:
                about = [label.profile, label.level, f"{label.total:,}", str(label.seed)]
                notes += [f"  {one.short}: {label.rows}; built in {label.seconds:.1f} s"]
                notes += [f"    approximate: {note}" for note in label.notes]
            if one.ready:
                copies = "copy" if one.ready == 1 else "copies"
                notes.append(f"  {one.short}: {one.ready} {copies} ready besides, {showing.size(one.ready_size)}")
            ready = str(one.ready or "")
            grid.add_row(one.short, *map(escape, about), showing.size(one.size), ready, showing.since(one.used))
        console.print(grid if place.kept else "  nothing is kept here")
        for note in notes if verbose else ():
            console.print(escape(note))
    count = sum(len(place.kept) for place in places)
    console.print(
        f"{count} kept, {showing.size(total)} with their ready copies. To remove: prodparity cache prune"
        if count
        else "Nothing is kept."
    )


def _prune(places: list[_Place], names: tuple[str, ...], *, seconds: float) -> None:
    import psycopg

    from ..databases.kept import drop

    known = [one.short for place in places for one in place.kept]
    for name in names:
        if len(name) < _SHORTEST or not any(short.startswith(name) for short in known):
            raise UsageError(f"Nothing of the name {name!r} is kept{closest(name, known)}.", fix="prodparity cache")
    gone = size = 0
    for place in places:
        if place.problem is not None:
            click.echo(f"{place.where}: cannot be reached: {place.problem}")
        for one in place.kept:
            if not one.short.startswith(names) if names else time.time() - one.used < seconds:
                continue
            assert place.connection is not None
            try:
                drop(place.connection, one.name)
            except psycopg.Error as cause:
                click.echo(f"{one.short} could not be removed: {' '.join(str(cause).split())}")
                continue
            gone, size = gone + 1, size + one.whole_size
            click.echo(f"removed: {one.short}, {showing.size(one.whole_size)}")
    kept = len(known) - gone
    click.echo(f"{gone} removed, {showing.size(size)}; {kept} stay{'s' if kept == 1 else ''}.")
