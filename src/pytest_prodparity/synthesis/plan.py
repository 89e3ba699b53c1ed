"""How many rows each table gets."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.levels import Rows
from ..profile.model import Profile

WHOLE = 1000
"""Tables of up to so many rows are lookup tables: they come whole at every scale."""


def counts(profile: Profile, *, rows: Rows, overrides: Mapping[str, int] | None = None) -> dict[str, int]:
    """Rows of every table that holds some itself, by full name; partitioned tables get theirs in their partitions."""
    raise NotImplementedError(profile, rows, overrides)


def bytes_of(profile: Profile, counts: Mapping[str, int]) -> int:
    """About how large the database becomes."""
    raise NotImplementedError(profile, counts)
