"""`prodparity doctor`: what works on this machine, what is missing, what to type."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ..core.errors import ProdparityError
from ..core.settings import Settings, read_table, resolve
from ..databases.account import Account
from ..databases.binaries import Binaries, usable
from ..databases.cache import Cache, abandoned, cache, free, size
from ..databases.embedded import Embedded, clusters, label
from ..databases.shared import in_use

if TYPE_CHECKING:
    from ..databases.provider import Server

ENOUGH = 200 << 20
"""Free bytes that a cluster with its templates needs at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing looked at. `state` is a word, never a colour alone: `missing` stops the main job, `note` does not."""

    state: Literal["ok", "note", "missing"]
    what: str
    found: str
    fix: str | None = None


@click.command(name="doctor", short_help="What works on this machine, what is missing, what to type.")
@click.option("--fix", is_flag=True, help="Remove what dead runs left: databases, containers, servers, old clusters.")
def command(fix: bool) -> None:
    """What works on this machine, what is missing, what to type.

    Exit status 1 where a marked test could not run. Starts the embedded server for a moment, connects to nothing else
    but the Docker daemon of this machine.
    """
    lines = list(_examine(Path.cwd(), fix=fix))
    width = max(len(line.what) for line in lines)
    for line in lines:
        click.echo(f"{line.state:7}  {line.what:{width}}  {line.found}")
        if line.fix:
            click.echo(f"{'':7}  {'':{width}}  To fix: {line.fix}")
    missing = [line.what for line in lines if line.state == "missing"]
    click.echo()
    click.echo(f"Marked tests cannot run: {', '.join(missing)}." if missing else "Marked tests can run here.")
    if missing:
        raise SystemExit(1)


def _examine(root: Path, *, fix: bool) -> Iterator[Line]:
    yield Line(state="ok", what="Python", found=f"{platform.python_version()} at {sys.executable}")
    yield _packages()
    settings = Settings(root=root)
    try:
        settings = resolve(root, {}, os.environ, read_table(root))
        said = f"level {settings.level}, database {'a URL' if '://' in settings.database else settings.database}"
        yield Line(state="ok", what="settings", found=said)
    except ProdparityError as wrong:
        yield _wrong("settings", wrong)
    yield from _postgresql(fix=fix)
    yield from _docker(settings, fix=fix)
    yield _profile(settings)


def _packages() -> Line:
    names = ("pytest-prodparity", "pytest", "psycopg", "sqlalchemy")
    return Line(
        state="ok", what="packages", found=", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    )


def _postgresql(*, fix: bool) -> Iterator[Line]:
    """The embedded server: its programs, its folder, a start, and what dead runs left on it."""
    try:
        account = Account.current()
        place = cache(account)
    except ProdparityError as wrong:
        yield _wrong("cache", wrong)
        return
    yield from _cache(place, account, fix=fix)
    try:
        programs = usable(account, lambda: place.root)
    except ProdparityError as wrong:
        yield _wrong("PostgreSQL", wrong)
        return
    who = f", run as {account.name!r}" if account.differs else ""
    yield Line(state="ok", what="PostgreSQL", found=f"{programs.text} from {programs.origin}{who}")
    yield from _clusters(place, programs, fix=fix)
    provider = Embedded()
    began = time.monotonic()
    try:
        server = provider.start()
    except ProdparityError as wrong:
        yield _wrong("server", wrong)
        return
    try:
        took = time.monotonic() - began
        yield Line(state="ok", what="server", found=f"answers on 127.0.0.1:{server.port} after {took:.2f} s")
        yield _leftovers(server, fix=fix)
    finally:
        provider.stop()


def _cache(place: Cache, account: Account, *, fix: bool) -> Iterator[Line]:
    space = free(place.root)
    found = f"{place.root}, {_megabytes(size(place.root))}; {_megabytes(space)} free on its disk"
    if space < ENOUGH:
        yield Line(
            state="missing", what="cache", found=found,
            fix="free some space, or set PRODPARITY_CACHE to a folder on another disk",
        )  # fmt: skip
    else:
        yield Line(state="note" if place.note else "ok", what="cache", found=place.note or found)
    gone = abandoned(account)
    if gone:
        names = f"{len(gone)} of folders that do not exist any more"
        yield _leftover("caches", names, fix=fix, remove=lambda: _each(_remove, gone))


def _clusters(place: Cache, programs: Binaries, *, fix: bool) -> Iterator[Line]:
    """Other versions' clusters, and a server that a killed run left running."""
    folder = clusters(place.root)
    current = label(programs)
    there = sorted(path for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    others = [path for path in there if path.name != current and not in_use(path)]
    used = in_use(folder / current)
    running = (folder / current / "data" / "postmaster.pid").exists()
    state = "in use by a run" if used else "left running by a killed run" if running else "not running"
    kept = _megabytes(size(folder / current))
    yield Line(state="ok", what="cluster", found=f"{current}, {kept}, {state}" if there else "none yet")
    if others:
        names = ", ".join(f"{path.name} ({_megabytes(size(path))})" for path in others[:4])
        yield _leftover(
            "old clusters", names, fix=fix, remove=lambda: _each(lambda path: _remove_cluster(path, programs), others)
        )


def _leftovers(server: Server, *, fix: bool) -> Line:
    import psycopg

    from ..databases import kept

    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        names = kept.stale(connection)
        orphans = kept.orphans(connection, server.data) if server.data else []
        said = [f"{len(names)} left by dead runs: {', '.join(names[:3])}"] if names else []
        if orphans:
            said.append(f"{_megabytes(sum(map(size, orphans)))} of copies that a killed server began")
        if not said:
            return Line(state="ok", what="databases", found="none left by dead runs")

        def remove() -> None:
            for name in names:
                kept.drop(connection, name)
            _each(_remove, orphans)

        return _leftover("databases", "; ".join(said), fix=fix, remove=remove)


def _docker(settings: Settings, *, fix: bool) -> Iterator[Line]:
    """Never more than a note, unless the settings name Docker."""
    from ..databases.daemon import daemon

    wanted = settings.database == "docker"
    found = daemon()
    if found.version is None:
        yield Line(
            state="missing" if wanted else "note", what="Docker", found=f"not used: {found.problem}", fix=found.fix
        )
        return
    image = settings.image or f"postgres:{_major(settings)}"
    there = found.has(image)
    yield Line(
        state="ok" if there else "note",
        what="Docker",
        found=f"{found.version} at {found.host}, {image} {'is there' if there else 'is not there yet'}",
        fix=None if there else f"docker pull {image}",
    )
    if next(cache(Account.current()).root.glob("containers/*/*.json"), None):
        from ..databases import docker

        root = docker.containers(Account.current())
        dead, gone = docker.left(root), docker.outdated(root)
        said = [f"{len(dead)} left running by dead runs"] if dead else []
        said += [f"{len(gone)} kept of images that are gone"] if gone else []
        if said:
            yield _leftover("containers", ", ".join(said), fix=fix, remove=docker.swept)


def _profile(settings: Settings) -> Line:
    from ..profile.store import load

    folder = settings.root / settings.profile
    if not folder.exists():
        return Line(
            state="note", what="profile", found=f"none in {settings.profile}/: nothing is judged by production's plans",
            fix="prodparity capture URL",
        )  # fmt: skip
    try:
        profile = load(folder).profile
        days = (datetime.now(UTC) - datetime.fromisoformat(profile.captured_at)).days
    except ProdparityError as wrong:
        return _wrong("profile", wrong)
    except (ValueError, TypeError):
        return Line(state="missing", what="profile", found=f"captured_at is not a time: {profile.captured_at!r}")
    version = f"{profile.server_version // 10000}.{profile.server_version % 10000}"
    old = f"{days} days old" if days != 1 else "1 day old"
    return Line(
        state="ok",
        what="profile",
        found=f"{settings.profile}/: PostgreSQL {version}, {len(profile.tables)} tables, {old}",
    )


def _major(settings: Settings) -> int:
    from ..databases.choose import NEWEST
    from ..profile.store import load

    with suppress(ProdparityError):
        return load(settings.root / settings.profile).profile.server_version // 10000
    return NEWEST


def _leftover(what: str, found: str, *, fix: bool, remove: Callable[[], object]) -> Line:
    if not fix:
        return Line(state="note", what=what, found=found, fix="prodparity doctor --fix")
    try:
        remove()
    except (OSError, ProdparityError) as cause:
        return Line(state="note", what=what, found=f"{found}; could not be removed: {cause}")
    return Line(state="ok", what=what, found=f"removed: {found}")


def _remove_cluster(folder: Path, programs: Binaries) -> None:
    from ..databases.cluster import Cluster
    from ..databases.shared import Shared

    with Shared(folder).changing(seconds=10):
        if not in_use(folder):
            Cluster(folder, programs, Account.current()).halt()
            _remove(folder)


def _each(act: Callable[[Path], None], folders: Iterable[Path]) -> None:
    for folder in folders:
        act(folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _wrong(what: str, wrong: ProdparityError) -> Line:
    tried = f" ({wrong.tried})" if wrong.tried and "\n" not in wrong.tried else ""
    return Line(state="missing", what=what, found=f"{wrong.happened}{tried}", fix=wrong.fix)


def _megabytes(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size >> 20} MB"
