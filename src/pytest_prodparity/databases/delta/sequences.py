"""Sequences are outside transactions and decoding: their state is read, compared and set back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ...core.delta import Moved

APART = 1_000
"""Steps by which sequences go on later in one of two runs, so that generated ids are known as such."""
State = Mapping[int, tuple[int, bool]]
"""By the sequence's oid: last value, and whether it was given out."""

_LIST = """
SELECT c.oid::bigint, n.nspname, c.relname, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
  CASE WHEN n.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident(n.nspname) || '.' END || pg_catalog.quote_ident(c.relname),
  s.seqincrement
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
WHERE c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY c.oid
"""


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """All sequences of a database, and how to read them in one statement."""

    names: Mapping[int, str]
    steps: Mapping[int, int]
    query: sql.SQL | sql.Composed
    """Rows of oid, last value, and whether it was given out."""

    @classmethod
    def read(cls, connection: psycopg.Connection) -> Sequences:
        """From the catalogue."""
        rows = connection.execute(_LIST).fetchall()
        query: sql.SQL | sql.Composed = sql.SQL("SELECT 0::bigint, 0::bigint, false WHERE false")
        if rows and connection.info.server_version >= 180000:
            query = sql.SQL(
                "SELECT s.oid, d.last_value, d.is_called FROM unnest({}::bigint[]) AS s(oid),"
                " pg_catalog.pg_get_sequence_data(s.oid::regclass) AS d"
            ).format(sql.Literal([oid for oid, *_ in rows]))
        elif rows:
            query = sql.SQL(" UNION ALL ").join(
                sql.SQL("SELECT {}::bigint, last_value, is_called FROM {}").format(
                    sql.Literal(oid), sql.Identifier(schema, name)
                )
                for oid, schema, name, *_ in rows
            )
        return cls(
            names={row[0]: row[4] for row in rows}, steps={row[0]: row[5] for row in rows}, query=query
        )  # fmt: skip

    def state(self, connection: psycopg.Connection) -> State:
        """Where they stand."""
        if not self.names:
            return {}
        return {oid: (value, called) for oid, value, called in connection.execute(self.query, prepare=True)}

    def moved(self, before: State, after: State) -> tuple[Moved, ...]:
        """Those that stand elsewhere. A number stands for what `nextval` gave last; one step less where it gave none."""
        return tuple(
            Moved(sequence=self.names[oid], before=self._last(oid, before[oid]), after=self._last(oid, state))
            for oid, state in after.items()
            if state != before[oid]
        )

    def back(self, before: State, after: State) -> list[str]:
        """The statements that set those that moved."""
        return [
            f"SELECT pg_catalog.setval({oid}::oid::regclass, {before[oid][0]}, {before[oid][1]})"
            for oid, state in after.items()
            if state != before[oid]
        ]

    def _last(self, oid: int, state: tuple[int, bool]) -> int:
        value, called = state
        return value if called else value - self.steps[oid]


def shift(connection: psycopg.Connection, by: int) -> None:
    """Let each sequence go on `by` steps later, where it has so many left: what it gives is then seen to be its own."""
    connection.execute(
        """
        SELECT pg_catalog.setval(s.seqrelid::regclass, s.last + s.seqincrement * %(by)s, true)
        FROM (
          SELECT s.*, coalesce(pg_catalog.pg_sequence_last_value(s.seqrelid), s.seqstart) AS last
          FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid AND c.relpersistence <> 't'
        ) s
        WHERE s.last + s.seqincrement * %(by)s BETWEEN s.seqmin AND s.seqmax
        """,
        {"by": by},
    )


def shift_apart(dsn: str) -> None:
    """The same with all of this database. Where that is refused, they stay, and generated ids are taken as they are."""
    with suppress(psycopg.Error), psycopg.connect(dsn, autocommit=True) as connection:
        shift(connection, APART)
