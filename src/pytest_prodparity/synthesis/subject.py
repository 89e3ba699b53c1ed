"""One column that is to be made, with what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..profile.model import ColumnStatistics, Table
from .catalog import Attribute
from .checks import Check
from .distribution import drawn_from
from .values import CHUNK


@dataclass(kw_only=True)
class Subject:
    """One column that is to be made."""

    table: Table
    attribute: Attribute
    statistics: ColumnStatistics | None
    rows: int
    """That the table gets."""
    ends: list[str] | None = None
    notes: list[str] = field(default_factory=list)
    checks: tuple[Check, ...] = ()
    """Of the table and of the column's domain."""
    wanted: Sequence[str] = ()
    """Of a key: values that other tables are known to refer to."""
    spare: int = 0
    """Of a key: values besides those of the rows, for what refers to rows that are gone."""

    @property
    def salt(self) -> int:
        """A number of its own for this column."""
        name = f"{self.table.full_name}\x1f{self.attribute.name}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")

    @property
    def null(self) -> float:
        """The share of NULLs."""
        if self.attribute.not_null or self.statistics is None:
            return 0.0
        return self.statistics.null_frac

    @property
    def distinct(self) -> float:
        """How many distinct values it has at its new size."""
        found = self.statistics.n_distinct if self.statistics else 0.0
        present = max(1.0, self.rows * (1 - self.null))
        if found < 0:
            return max(1.0, min(present, -found * self.rows))
        return min(present, found) if found else present

    @property
    def levels(self) -> float:
        """From how many values to draw, so that as many as `distinct` are found."""
        # a single block has its fair share of every value
        present = self.rows * (1 - self.null)
        fair = self.rows <= CHUNK and self.distinct < 0.8 * present
        return self.distinct if fair else drawn_from(self.distinct, present)

    def note(self, text: str) -> None:
        """Something that was approximated."""
        self.notes.append(f"{self.table.full_name}.{self.attribute.name}: {text}")
