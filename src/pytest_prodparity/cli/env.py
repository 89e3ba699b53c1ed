"""`prodparity env`: production's environment, as names and kinds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import showing

if TYPE_CHECKING:
    from ..environment.manifest import Manifest

_SHOWN = 12


@click.group(name="env", short_help="Production's environment: names and kinds, never values.")
def command() -> None:
    """Production's environment: names and kinds, never values.

    `prodparity env capture` writes parity/environment.toml; from then on marked tests run without the variables that
    production does not have.
    """


@command.command(name="capture", short_help="Write parity/environment.toml.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Where to write.  [default: parity]")
@click.option("--service", metavar="NAME", help="The service of a Compose file, or the container of a pod.")
@click.option("--through", metavar="COMMAND", help='Ask the Python at its end: "kubectl exec -i deploy/web --".')
@click.option("--pid", type=int, metavar="PID", help="A running process of this machine.")
@click.option("--here", is_flag=True, help="The machine that this command runs on is production.")
def capture(
    paths: tuple[Path, ...], to: Path | None, service: str | None, through: str | None, pid: int | None, here: bool
) -> None:
    """Read what production has from PATHs, or from a running process, and write names and kinds.

    PATH is a Dockerfile, a Compose file, Kubernetes manifests, an .env.example, Python with classes of pydantic-settings,
    or a folder with any of these; without one, and without --through, --pid or --here, the current folder. Values
    are looked at to tell their kind, and never written.
    """
    from ..environment.capture import capture, changes, kept
    from ..environment.manifest import FILE, dumped, load
    from ..gate.whole import write_whole

    folder = to or showing.folder()
    path = folder / FILE
    old = load(path) if path.exists() else None
    found = capture(Path.cwd(), paths, service=service, through=through, pid=pid, here=here)
    manifest = found.manifest if old is None else kept(found.manifest, old)
    write_whole(path, dumped(manifest), what="manifest", fix="choose another folder with --to")
    click.echo(f"Read: {'; '.join(found.read)}")
    _show(manifest)
    for note in found.notes:
        click.echo(f"  note: {note}")
    if old is not None:
        lines = changes(old, manifest)
        click.echo(f"\nSince the last capture: {'no change.' if not lines else ''}")
        for line in lines[:_SHOWN]:
            click.echo(f"  {line}")
        if len(lines) > _SHOWN:
            click.echo(f"  and {len(lines) - _SHOWN} more")
    click.echo(f"\nWritten: {path}: names and kinds, no values. Review it, then commit it.")


def _show(manifest: Manifest) -> None:
    by_kind: dict[str, list[str]] = {}
    for name, variable in manifest.variables.items():
        by_kind.setdefault(variable.kind, []).append(name + ("" if variable.required else "?"))
    click.echo(f"{len(manifest.variables)} variables (? may be missing)")
    for kind in sorted(by_kind):
        names = by_kind[kind]
        more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        click.echo(f"  {kind}: {', '.join(names[:_SHOWN])}{more}")
    facts = {
        "Python": manifest.python,
        "packages": len(manifest.packages) or None,
        "time zone": manifest.timezone,
        "locale": manifest.locale,
        "umask": None if manifest.umask is None else f"{manifest.umask:04o}",
        "user": manifest.uid,
        "open files": manifest.limits.open_files,
        "memory": None if manifest.limits.memory is None else showing.size(manifest.limits.memory),
    }
    known = [f"{name} {value}" for name, value in facts.items() if value is not None]
    if known:
        click.echo(f"  {', '.join(known)}")
    if not manifest.complete:
        click.echo(
            "  what every login has (USER, LANG, TZ) is not known from files; a running process tells: --through"
        )


@command.command(name="show", short_help="The manifest, on one screen.")
@click.option("--from", "at", type=click.Path(path_type=Path), metavar="FOLDER", help="[default: parity]")
def show(at: Path | None) -> None:
    """The manifest, on one screen."""
    from ..environment.manifest import FILE, load

    _show(load((at or showing.folder()) / FILE))
