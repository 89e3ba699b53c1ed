"""What `capture --probe` and `--whole` add to a table: aggregates that statistics lack, and small tables as they are."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """How a column goes with another one of its row, or of its parent's: rows by the rank of the one and of the other."""

    column: str
    base: str
    """The other column; empty: which columns of the row are NULL."""
    reference: list[str] = field(default_factory=list)
    """The columns of the foreign key that leads to the parent; empty: the same row."""
    counts: list[str] = field(default_factory=list)
    """A line for each group of ranks of `base`, rising: sampled rows in each group of ranks of `column`, rising. Equal
    values are in one group, and NULLs in none."""
    patterns: list[int] = field(default_factory=list)
    """With an empty `base`: of which entry of `null_patterns` each line is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FanOut:
    """Children per parent of one foreign key, or of a soft edge: a key that nobody declared."""

    columns: list[str]
    references: str
    """`schema.table` of the parents."""
    references_columns: list[str]
    constraint: str | None = None
    """The foreign key's name; None of a soft edge."""
    sizes: list[float] = field(default_factory=list)
    """Numbers of children, rising, the first 0 where there are childless parents; of many numbers, neighbours are taken
    together with their mean."""
    parents: list[int] = field(default_factory=list)
    """How many parents have each number."""
    overlap: float = 1.0
    """Of a soft edge: the share of sampled values that have a parent."""
    orphans: int = 0
    """Of a soft edge: different values without a parent, such as of rows that were deleted. They count in `parents`."""
    companion: Companion | None = None
    """Which column of the parent's the number of children goes with; its own `column` is empty."""

    @property
    def known(self) -> bool:
        """Were children counted? A soft edge may be known without that."""
        return bool(self.sizes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How far a date or time lies from another one of its row, or of its parent's row."""

    column: str
    base: str
    """The other column: of the row, or of the parent's row."""
    reference: list[str] = field(default_factory=list)
    """The columns of the foreign key that leads to the parent; empty: the same row."""
    seconds: list[float] = field(default_factory=list)
    """`column - base` at the shares of `SHARES`."""


SHARES = (0, 0.01, *(step / 20 for step in range(1, 20)), 0.99, 1)
"""Of which `Difference.seconds` has the percentiles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NullPattern:
    """Columns that are NULL in the same rows, all others of the table being set."""

    columns: list[str]
    share: float
    """Of the table's rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """Rows with the same `determinant` have the same `dependent`."""

    determinant: str
    dependent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """A row's parent by a key has in `column` what the row itself, or its parent by another key, has in `other_column`."""

    reference: list[str]
    """The columns of the foreign key."""
    column: str
    other: list[str] = field(default_factory=list)
    """The columns of the other foreign key; empty: the row itself."""
    other_column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Probes:
    """What was probed of one table."""

    fan_outs: list[FanOut] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    null_patterns: list[NullPattern] = field(default_factory=list)
    """The most frequent first."""
    dependencies: list[Dependency] = field(default_factory=list)
    companions: list[Companion] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """All rows of a small table whose owner lets them leave, as texts."""

    columns: list[str]
    """Without those that were withheld, and without generated ones."""
    rows: list[list[str | None]]
    withheld: dict[str, str] = field(default_factory=dict)
    """Column -> why, as in `ColumnStatistics.withheld`."""
