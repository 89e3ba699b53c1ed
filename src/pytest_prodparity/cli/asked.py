"""Which volume a command is about: options, and what follows from them and from the settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ..core.errors import UsageError
from ..core.levels import Rows

if TYPE_CHECKING:
    from ..core.settings import Settings
    from ..profile.store import Stored
    from ..synthesis.volume import Volume

Command = TypeVar("Command", bound=Callable[..., None])

_OPTIONS = (
    click.option(
        "--level", metavar="LEVEL", help="off, dev, staging or production.  [default: as the settings have it]"
    ),
    click.option(
        "--rows",
        multiple=True,
        metavar="ROWS",
        help="In place of the level's: 25%, 10_000, all; or of one table, TABLE=N. May be repeated.",
    ),
    click.option(
        "--seed", metavar="N", help="Every random choice follows from it.  [default: as the settings have it]"
    ),
    click.option(
        "--database", metavar="WHERE", help="auto, embedded, docker or a URL.  [default: as the settings have it]"
    ),
)


def of_a_volume(command: Command) -> Command:
    """`--level`, `--rows`, `--seed` and `--database`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_of(said: Mapping[str, str | None]) -> Settings:
    """The settings of the current directory, with what was said on the command line."""
    from ..core.settings import read_table, resolve

    here = Path.cwd()
    try:
        return resolve(here, said, os.environ, read_table(here))
    except UsageError as wrong:
        raise UsageError(wrong.happened.replace("--parity-", "--"), fix=wrong.fix) from None


def dial_of(said: tuple[str, ...], settings: Settings) -> tuple[Rows, dict[str, int]]:
    """The dial, and the rows of single tables."""
    dial, overrides = settings.dials.rows, {}
    for text in said:
        name, equals, count = text.rpartition("=")
        if equals:
            overrides[name] = _count(text, count)
            continue
        try:
            dial = Rows.parse(text, settings.level)
        except UsageError as wrong:
            raise UsageError(
                f"--rows: {wrong.happened}", fix='--rows "25%", --rows 10_000, --rows all, or --rows orders=5_000_000'
            ) from None
    if not dial and not any(overrides.values()):
        raise UsageError(
            f"There is nothing to build: at level {settings.level} tests begin with no rows (rows = 0).",
            fix=f'[tool.prodparity.levels.{settings.level}] rows = "1%", or prodparity build --rows 1%',
        )
    return dial, overrides


def _count(text: str, count: str) -> int:
    try:
        number = int(count)
    except ValueError:
        number = -1
    if number < 0:
        raise UsageError(f"--rows {text}: {count!r} is no number of rows.", fix="--rows orders=5_000_000")
    return number


def planned_volume(stored: Stored, settings: Settings, dial: Rows, overrides: Mapping[str, int]) -> Volume:
    """What is asked for; raises UsageError where it is too large."""
    from ..synthesis.volume import check_size, planned

    volume = planned(stored, level=settings.level, rows=dial, seed=settings.seed, overrides=overrides)
    check_size(volume, settings.dials.max_bytes)
    return volume
