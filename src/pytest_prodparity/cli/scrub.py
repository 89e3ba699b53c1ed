"""`prodparity scrub`: secrets in cassettes that exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ..core.errors import UsageError
from ..recordings import left as look

_ENDINGS = (".yaml", ".yml", ".json")


@click.command(name="scrub", short_help="Secrets in recorded cassettes: find them, take them out.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where there is a secret.")
def command(paths: tuple[Path, ...], check: bool) -> int:
    """Secrets in cassettes, of pytest-prodparity, vcrpy or pytest-recording: files, or folders with them.

    A secret is known by its place, such as a token's field, and by how vendors' keys look. Each is printed as FILE:LINE and
    its kind, never its value. Without --check, placeholders of the same shape are put in their places; revoke what was there.
    """
    found = files = 0
    for path in _cassettes(paths):
        files += 1
        here = look.left(path)
        found += len(here)
        for one in here:
            click.echo(f"{one.path}:{one.line}: {one.kind}")
        if here and not check:
            look.scrub(path)
    secrets = f"{found} secret{'' if found == 1 else 's'}"
    done = "" if check or not found else ", replaced"
    click.echo(f"{files} cassette{'' if files == 1 else 's'}, {secrets if found else 'no secret'}{done}")
    return 1 if check and found else 0


def _cassettes(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.suffix in _ENDINGS and _is_cassette(each))
        elif path.is_file():
            yield path
        else:
            raise UsageError(f"{path} does not exist.", fix="prodparity scrub --check tests/cassettes")


def _is_cassette(path: Path) -> bool:
    """Of a folder's files, those that say so at their beginning or their end."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text.startswith(("interactions:", "version: 1")) or '"interactions"' in text[:4096]
