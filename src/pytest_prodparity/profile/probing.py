"""What the probes share: the open transaction with a budget of time, and how rows are named in queries."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from .connection import Reading
from .model import Constraint, Table
from .redact import Policy, Subject, withholding
from .types import ValueType

SAMPLE = 20_000
"""Rows of a table that are looked at; keys alone are counted over all."""
PER_QUERY = 0.25
"""Of all the seconds, what one query may take."""
LEAST = 0.05
"""Seconds below which no query is begun."""


@dataclass(kw_only=True)
class Probing:
    """The open transaction with a budget of time."""

    production: Reading
    policy: Policy
    types: Mapping[tuple[str, str], ValueType]
    """By (`schema.table`, column)."""
    seconds: float
    deadline: float = 0.0
    late: list[str] = field(default_factory=list)
    """What was cut off, or not begun."""
    refused: dict[str, list[str]] = field(default_factory=dict)
    """The server's reason -> what."""

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def ask(self, what: str, query: sql.Composed) -> list[Any] | None:
        """The rows; None, and noted, where there was no time or no right."""
        left = min(self.deadline - time.monotonic(), self.seconds * PER_QUERY)
        if left < LEAST:
            self.late.append(what)
            return None
        self._limit(left)
        try:
            found = self.production.attempt(query)
        finally:
            if not self.production.connection.closed and self.production.connection.info.transaction_status == 2:
                self._limit(self.production.timeout)
        if not isinstance(found, str):
            return found
        if "statement timeout" in found or "lock timeout" in found or "canceling" in found:
            self.late.append(what)
        else:
            self.refused.setdefault(found, []).append(what)
        return None

    def _limit(self, seconds: float) -> None:
        self.production.rows("SELECT set_config('statement_timeout', %s, true)", (str(max(1, round(seconds * 1000))),))

    def may_leave(self, table: Table, column: str) -> bool:
        """May values of this column, or differences between them, be told?"""
        return withholding(self.policy, self.subject(table, column)) is None

    def subject(self, table: Table, column: str) -> Subject:
        """A column, as redaction sees it."""
        return Subject(
            schema=table.schema, table=table.name, names=(column,), type=self.type(table, column), rows=table.rows
        )

    def type(self, table: Table, column: str) -> ValueType:
        """A column's."""
        return self.types[table.full_name, column]

    def note(self) -> None:
        """What could not be probed, and what to type."""
        if self.late:
            more = f"--probe-seconds {max(2, round(self.seconds * 4))}"
            self.production.notes.append(
                f"Not probed within the time limit ({self.seconds:g} s in all, a quarter of it for one query): "
                f"{some(self.late)}. To fix: {more}"
            )
        for reason, what in self.refused.items():
            self.production.notes.append(f"Not probed, because of {reason!r}: {some(what)}.")


def keys(table: Table) -> list[Constraint]:
    """Its foreign keys."""
    return [one for one in table.constraints if one.kind == "foreign key" and one.references]


def name_of(table: Table) -> sql.Identifier:
    """Quoted."""
    return sql.Identifier(table.schema, table.name)


def sample(table: Table, columns: Iterable[str], spread: int = 1) -> sql.Composed:
    """A subquery of about `SAMPLE` rows: of a large table, of blocks from all over it.

    `spread`: of so many times as many blocks only a part of the rows, because rows of one block may be alike.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    share = min(100.0, 100.0 * SAMPLE * spread / max(1.0, table.rows))
    kept = SAMPLE * 100.0 / (share * max(1.0, table.rows))
    if spread > 1 and kept < 1:
        return sql.SQL(
            "(SELECT {} FROM {} TABLESAMPLE SYSTEM ({}) REPEATABLE (1) WHERE (hashtextextended(ctid::text, 1) & 65535) < {} LIMIT {})"
        ).format(names, rows_of(table), sql.Literal(share), sql.Literal(round(kept * 65536)), sql.Literal(2 * SAMPLE))
    part = sql.SQL(" TABLESAMPLE SYSTEM ({}) REPEATABLE (1)").format(sql.Literal(share))
    return sql.SQL("(SELECT {} FROM {}{} LIMIT {})").format(
        names, rows_of(table), part if share < 100 else sql.SQL(""), sql.Literal(2 * SAMPLE)
    )


def rows_of(table: Table) -> sql.Composed:
    """What stands after FROM: the table's own rows, or those of all partitions."""
    only = sql.SQL("") if table.kind == "partitioned" else sql.SQL("ONLY ")
    return only + name_of(table)


def some(names: Iterable[str]) -> str:
    """The first few of many names."""
    listed = list(dict.fromkeys(names))
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
