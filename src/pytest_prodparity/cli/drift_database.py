"""`prodparity drift`: the profile against the live database, the manifest against the live environment."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ..core.errors import ProdparityError, UsageError
from ..profile.address import VARIABLE
from . import showing

if TYPE_CHECKING:
    from ..profile.drift import Change

T = TypeVar("T")
FIRST_PAUSE = 1.0
"""Seconds before the second try; each further pause is twice as long."""


def run(
    url: str | None,
    *,
    at: Path | None,
    role: str | None,
    factor: float,
    timeout: float,
    retries: int,
    through: str | None,
    as_json: bool,
) -> int:
    """Compare parity/ with production as it is now, print what changed; returns the exit status."""
    import os

    folder = at or showing.folder()
    changes: list[Change] = []
    notes: list[str] = []
    captured = None
    if through is not None:
        changes += again(lambda: _environment(folder, through), retries=retries)
    asked = url or os.environ.get(VARIABLE)
    if asked or through is None:
        if not asked:
            raise UsageError(
                "drift needs to know what to compare.",
                tried=f"Looked in: the argument, {VARIABLE}, --cassettes",
                fix="prodparity drift postgresql://reader@db.example.com/shop, or prodparity drift --cassettes",
            )
        found, notes, captured = again(
            lambda: _database(folder, asked, role=role, factor=factor, timeout=timeout), retries=retries
        )
        changes = [*found, *changes]
    click.echo(_json(changes, notes, captured) if as_json else _text(changes, notes, captured))
    return 1 if changes else 0


def again(attempt: Callable[[], T], *, retries: int, pause: Callable[[float], None] = time.sleep) -> T:
    """Try a machine that may be back in a moment, with pauses that double; wrong use is not tried again."""
    for number in range(retries + 1):
        try:
            return attempt()
        except UsageError:
            raise
        except ProdparityError as error:
            if number == retries:
                tries = f"Tried {retries + 1} times" if retries else None
                raise ProdparityError(error.happened, tried=error.tried or tries, fix=error.fix) from None
            click.echo(f"{error.happened} Trying again …", err=True)
            pause(FIRST_PAUSE * 2**number)
    raise AssertionError


def _database(
    folder: Path, url: str, *, role: str | None, factor: float, timeout: float
) -> tuple[list[Change], list[str], str]:
    from ..profile.capture import capture
    from ..profile.drift import live
    from ..profile.store import load

    old = load(folder).profile
    new, _ = capture(url, values=False, role=role, timeout=timeout)
    # What the old capture could not read either is no news.
    return live(old, new, grew=factor), [note for note in new.notes if note not in old.notes], old.captured_at


def _environment(folder: Path, through: str) -> list[Change]:
    from ..environment.capture import capture
    from ..environment.drift import compare
    from ..environment.manifest import FILE, load

    return compare(load(folder / FILE), capture(Path.cwd(), through=through).manifest)


def _text(changes: Sequence[Change], notes: Sequence[str], captured: str | None) -> str:
    from ..profile.drift import summary

    since = f" since the capture ({showing.age(captured)})" if captured else ""
    lines = [f"{summary(changes)}{since}" if changes else f"No drift{since}."]
    lines += [f"  {' '.join(str(change).split())}" for change in changes]
    lines += [f"note: {note}" for note in notes]
    if changes:
        lines.append("To take it over: prodparity capture URL, and prodparity env capture")
    return "\n".join(lines)


def _json(changes: Sequence[Change], notes: Sequence[str], captured: str | None) -> str:
    return json.dumps(
        {
            "format": 1,
            "captured_at": captured,
            "compared_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "drift": [{"kind": one.kind, "what": one.what, "name": one.name, "text": one.text} for one in changes],
            "notes": list(notes),
        },
        indent=1,
        ensure_ascii=False,
    )
