"""An empty database -> one like production's, filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..databases.provider import Server
from ..profile.store import Stored

VERSION = 1
"""Raised whenever the same profile, counts and seed make other rows: kept databases are then built anew."""


class Progress(Protocol):
    """Called now and then from the thread that called `fill`."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """`done` of `total` rows are loaded; `what` is going on, such as `public.orders` or `indexes`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What `fill` did."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What was approximated, in sentences."""


def fill(
    dsn: str,
    stored: Stored,
    counts: Mapping[str, int],
    *,
    seed: int,
    progress: Progress | None = None,
    workers: int | None = None,
    server: Server | None = None,
) -> Filled:
    """Make the profile's schema in the empty database `dsn`, with `counts` rows (by full name), verified.

    The same profile, counts and seed give the same rows. `server`: where `dsn` lies; unknown, a superuser's database
    counts as ours. Raises ProdparityError that names the table, the constraint and the remedy.
    """
    raise NotImplementedError(dsn, stored, counts, seed, progress, workers, server)
