"""The profile: what production looks like, without its rows.

`profile.json` is these dataclasses, field for field, sorted and indented so that it diffs well; `schema.sql` stands
beside it. Statistics keep PostgreSQL's own text form of each value, because that is what restores them exactly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from .probed import Probes, Whole

FORMAT = 1
"""Raised whenever an older reader would misread the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnStatistics:
    """One row of `pg_stats`. Lists hold the text form of each value; None where there is none or it was withheld."""

    null_frac: float
    avg_width: int
    n_distinct: float
    most_common_vals: list[str] | None = None
    most_common_freqs: list[float] | None = None
    histogram_bounds: list[str] | None = None
    correlation: float | None = None
    most_common_elems: list[str] | None = None
    most_common_elem_freqs: list[float] | None = None
    elem_count_histogram: list[float] | None = None
    range_length_histogram: list[str] | None = None
    range_empty_frac: float | None = None
    range_bounds_histogram: list[str] | None = None
    withheld: str | None = None
    """Why values are missing that production has: `text`, `rare`, `personal`, `secret`, `denied`, `no-values`, `no-rights`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A table's column. `type` is `format_type`'s text."""

    name: str
    type: str
    not_null: bool = False
    default: str | None = None
    generated: str | None = None
    """`stored`, `virtual`, or `always`/`by default` prefixed with `identity `."""
    statistics: ColumnStatistics | None = None
    inherited_statistics: ColumnStatistics | None = None
    """`pg_stats.inherited`: over the table and all its children."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index, in the order of the table's `indexes`: production's creation order, which decides between equal costs."""

    name: str
    method: str
    definition: str
    """`pg_get_indexdef`."""
    columns: list[str]
    """Key columns or expressions, in order, unquoted where they are plain columns."""
    unique: bool = False
    primary: bool = False
    valid: bool = True
    partial: str | None = None
    """The predicate."""
    pages: int = 0
    tuples: float = 0
    size: int = 0
    """`pg_relation_size`, bytes."""
    height: int | None = None
    """A B-tree's level of the root; None where it could not be read (it is then estimated)."""
    gin: dict[str, int] | None = None
    """A GIN index's metapage counters, where allowed."""
    expression_statistics: dict[str, ColumnStatistics] = field(default_factory=dict)
    """By the index's own column name in `pg_stats`, for expression columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraint:
    """`kind`: `primary key`, `unique`, `foreign key`, `check`, `exclusion`, `not null`."""

    name: str
    kind: str
    definition: str
    columns: list[str] = field(default_factory=list)
    references: str | None = None
    """`schema.table` of a foreign key's target."""
    references_columns: list[str] = field(default_factory=list)
    validated: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table, partition, partitioned table, materialised view or foreign table."""

    schema: str
    name: str
    kind: str
    """`table`, `partitioned`, `partition`, `materialized view`, `foreign`."""
    columns: list[Column]
    indexes: list[Index] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    pages: int = 0
    """`pg_class.relpages` as of the last ANALYZE."""
    tuples: float = -1
    """`pg_class.reltuples`; -1 where the table was never analysed."""
    all_visible: int = 0
    """`pg_class.relallvisible`, pages."""
    all_frozen: int | None = None
    size: int = 0
    """`pg_relation_size` of the main fork, bytes: the planner scales tuples by it."""
    toast_size: int = 0
    parent: str | None = None
    """`schema.table` of which this is a partition or child."""
    bound: str | None = None
    row_security: str | None = None
    """None, `enabled` or `forced`."""
    options: list[str] = field(default_factory=list)
    ends: dict[str, list[str]] = field(default_factory=dict)
    """Column -> [minimum, maximum] as text, for leading B-tree columns whose values may leave production."""
    readable: bool = True
    """False where the capturing role may not read the table: no statistics then."""
    live_rows: int | None = None
    """Only where `tuples` does not tell: rows as production's counters have them, or as a partitioned table's parts have."""
    probes: Probes | None = None
    """Of `capture --probe`."""
    whole: Whole | None = None
    """All its rows, by `capture --whole`."""

    @property
    def full_name(self) -> str:
        """`schema.table`, unquoted."""
        return f"{self.schema}.{self.name}"

    @property
    def rows(self) -> float:
        """Production's rows now: tuples scaled from the pages at the last ANALYZE to today's size, as the planner does."""
        if self.tuples < 0 and self.live_rows is not None:
            return float(self.live_rows)
        if self.tuples < 0 or self.kind == "partitioned":
            return max(self.tuples, 0.0)
        now = self.size / 8192
        return self.tuples * now / self.pages if self.pages else self.tuples


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtendedStatistics:
    """A CREATE STATISTICS object with its data: text forms, `mcv` as hexadecimal bytes where it may leave production."""

    schema: str
    name: str
    table: str
    kinds: list[str]
    inherited: bool = False
    ndistinct: str | None = None
    dependencies: str | None = None
    mcv: str | None = None
    expressions: dict[str, ColumnStatistics] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sequence:
    """A sequence with its position."""

    schema: str
    name: str
    last_value: int | None = None
    increment: int = 1
    owned_by: str | None = None
    """`schema.table.column`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A role that owns something, is granted something, or is the application's."""

    name: str
    login: bool = False
    superuser: bool = False
    bypass_rls: bool = False
    inherits: bool = True
    connection_limit: int = -1
    member_of: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """ALTER ROLE … SET, without secrets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """An installed extension."""

    name: str
    version: str
    schema: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One object's access list, as `aclitem` texts."""

    kind: str
    """`table`, `sequence`, `schema`, `function`, `column`."""
    name: str
    owner: str
    access: list[str]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Everything that `prodparity capture` writes into `profile.json`."""

    format: int = FORMAT
    engine: str = "postgresql"
    captured_at: str
    """ISO 8601, UTC, whole seconds."""
    origin: str = "captured"
    """`captured`, or `declared` where it was made from models."""
    server_version: int
    """`server_version_num`."""
    database: str
    identity: str
    """A hash of system identifier and database oid: tells whether a URL is the captured production, and nothing else."""
    size: int = 0
    """`pg_database_size`, bytes."""
    encoding: str = "UTF8"
    collation: str = "C"
    role: str = ""
    """The role that captured."""
    round_trip_ms: list[float] = field(default_factory=list)
    """Quantiles 0.1, 0.5, 0.9, 0.99 of `SELECT 1`, measured at capture."""
    connection_limit: int | None = None
    """`max_connections` less the reserved ones, or the role's own limit, whichever is lower."""
    settings: dict[str, str] = field(default_factory=dict)
    """Settings that change plans or behaviour, as SHOW prints them, as seen by the capturing role."""
    extensions: list[Extension] = field(default_factory=list)
    schemas: list[str] = field(default_factory=list)
    enums: dict[str, list[str]] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    views: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    """Signature -> volatility and language; bodies are in schema.sql."""
    sequences: list[Sequence] = field(default_factory=list)
    extended_statistics: list[ExtendedStatistics] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be read, in plain sentences."""
    schema_sha256: str
    """Of schema.sql, so that two files that do not belong together are noticed."""

    def table(self, name: str) -> Table | None:
        """By `schema.table`, or by the bare name where it is unambiguous; quoted as in SQL or not."""
        if '"' in name and name not in self._tables:
            name = ".".join(part[1:-1].replace('""', '"') if part[0] == '"' else part for part in _PARTS.findall(name))
        found = self._tables.get(name, [])
        exact = [table for table in found if table.full_name == name]
        return exact[0] if exact else found[0] if len(found) == 1 else None

    @cached_property
    def _tables(self) -> dict[str, list[Table]]:
        known: dict[str, list[Table]] = {}
        for table in self.tables:
            for name in {table.full_name, table.name}:
                known.setdefault(name, []).append(table)
        return known


_PARTS = re.compile(r'"(?:[^"]|"")+"|[^".]+')
