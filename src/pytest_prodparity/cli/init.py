"""`prodparity init`: the settings and an example test; a first profile from models where production is out of reach."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from ..core.errors import UsageError
from . import showing

EXAMPLE = '''\
"""A first test in production's world: adapt it, or mark your own tests with `@pytest.mark.prodparity`."""

import pytest


@pytest.mark.prodparity
def test_the_database_is_productions(parity_db):
    with parity_db.connect() as connection:
        assert connection.execute("SELECT current_database()").fetchone()
'''
TABLE = """
[tool.prodparity]
profile = "parity"                      # the folder that `prodparity capture` writes

[tool.prodparity.env]                   # what the application reads; {db.async_url} and {db.dsn} are there too
DATABASE_URL = "{db.url}"
"""


@click.command(name="init", short_help="Write the settings and an example test; a first profile from models.")
@click.option(
    "--models",
    metavar="MODULE[:NAME]",
    help="SQLAlchemy: a declarative base or MetaData, such as shop.models:Base. Django: the settings module.",
)
@click.option(
    "--rows", multiple=True, metavar="TABLE=N", help="What a table will hold: orders=5_000_000. May be repeated."
)
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Where to write the profile.  [default: parity]"
)
def command(models: str | None, rows: tuple[str, ...], to: Path | None) -> None:
    """Write the settings and an example test; nothing that exists is changed but pyproject.toml, which gets a table.

    With --models also a profile, where production cannot be captured yet: the models' own schema, the rows that you
    expect, and statistics by rule of thumb. It is marked as declared, and every report says so.
    """
    counts = _counts(rows)
    if counts and not models:
        raise UsageError(
            "--rows says what the tables of --models will hold.", fix="prodparity init --models package.module:Base"
        )
    folder = to or showing.folder()
    if models:
        _profile(models, counts, folder)
    for line in [*_settings(Path("pyproject.toml")), *_example(Path("tests") / "test_parity.py")]:
        click.echo(line)
    click.echo("\nNext: pytest --parity-level=staging")
    if not models and not folder.exists():
        click.echo("To judge by production's plans: prodparity capture URL, or prodparity init --models MODULE:BASE")


def _counts(rows: Sequence[str]) -> dict[str, int]:
    counts = {}
    for each in (part for text in rows for part in text.split(",")):
        name, equals, count = each.partition("=")
        if not equals or not re.fullmatch(r"\d[\d_]*", count.strip()):
            raise UsageError(f"--rows {each!r} is not TABLE=N.", fix="--rows orders=5_000_000")
        counts[name.strip()] = int(count)
    return counts


def _profile(models: str, counts: dict[str, int], folder: Path) -> None:
    from ..profile.declared import declared
    from ..profile.store import PROFILE, load, save
    from .models import schema_of

    if (folder / PROFILE).exists() and load(folder).profile.origin == "captured":
        raise UsageError(
            f"{folder / PROFILE} was captured from production, which is better than anything declared.",
            fix="prodparity init without --models, or another folder: --to FOLDER",
        )
    bare, schema = schema_of(models)
    profile = replace(declared(bare, counts), database=models.partition(":")[0])
    save(folder, profile, schema)
    click.echo(
        f"Written: {folder / PROFILE}, from {models}, {len(profile.tables)} tables, {showing.size(profile.size)}, declared, not captured:"
    )
    for table in sorted(profile.tables, key=lambda each: -each.rows)[:12]:
        said = "" if table.name in counts or table.full_name in counts else "  (guessed; --rows sets it)"
        click.echo(f"  {showing.rows(max(0.0, table.rows)):>15}  {table.full_name}{said}")
    if len(profile.tables) > 12:
        click.echo(f"  and {len(profile.tables) - 12} more: prodparity show")


def _settings(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if re.search(r"^\[tool\.prodparity[\].]", text, re.MULTILINE):
        return [f"{path} has a [tool.prodparity] table already: left as it is."]
    with path.open("a", encoding="utf-8") as file:
        file.write(TABLE.lstrip("\n") if not text else ("" if text.endswith("\n") else "\n") + TABLE)
    return [f"Written: [tool.prodparity] in {path}"]


def _example(path: Path) -> list[str]:
    if path.exists():
        return [f"{path} exists already: left as it is."]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(EXAMPLE, encoding="utf-8")
    return [f"Written: {path}"]
