"""Proves that a database's rows and sequences are the ones of another moment, in whatever order they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

SAMPLE = 8
"""Rows of a table that a sample looks at."""
SMALL = 8
"""Pages up to which a table is looked at as a whole, even by a sample."""


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """What was seen: per table its rows and their sum, per sequence its state."""

    tables: Mapping[str, str]
    sequences: Mapping[str, str]
    full: bool
    """False: only some rows of the large tables."""

    def differences(self, other: Checksum) -> list[str]:
        """The tables and sequences that are not the same; those that only one has, too."""
        found = []
        for mine, its in ((self.tables, other.tables), (self.sequences, other.sequences)):
            found += [name for name in sorted({*mine, *its}) if mine.get(name) != its.get(name)]
        return found


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Rows chosen once, by their keys, to be looked at again and again."""

    query: sql.Composed | None

    def checksum(self, connection: psycopg.Connection) -> Checksum:
        """Of the chosen rows and the small tables; some milliseconds at any volume."""
        return Checksum(tables=_tables(connection, self.query), sequences=_sequences(connection), full=False)


def checksum(connection: psycopg.Connection) -> Checksum:
    """Of every row of every table that keeps rows, large objects included: reads the whole database.

    Rows are compared by 128 bits of their text under this connection's settings: both checksums need the same.
    """
    names = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND c.relpersistence <> 't'"
        " AND (c.oid >= 16384 OR c.relname = 'pg_largeobject') ORDER BY 1, 2"
    ).fetchall()
    query = sql.SQL(" UNION ALL ").join(
        _sum(sql.Identifier(schema, name), f"{schema}.{name}", sql.SQL("")) for schema, name in names
    )
    return Checksum(tables=_tables(connection, query), sequences=_sequences(connection), full=True)


def sample(connection: psycopg.Connection, *, seed: int) -> Sample:
    """Choose the rows: all of a small table; of a larger one with a primary key some from random pages."""
    rows = connection.execute(
        "SELECT n.nspname, c.relname, pg_catalog.pg_relation_size(c.oid) / 8192,"
        " ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a"
        "   ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY a.attnum)"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 ORDER BY 1, 2"
    ).fetchall()
    parts = []
    for schema, name, pages, key in rows:
        table, label = sql.Identifier(schema, name), f"{schema}.{name}"
        if pages <= SMALL:
            parts.append(_sum(table, label, sql.SQL("")))
        elif key:
            chosen = _chosen(connection, table, key, pages, seed)
            if chosen:
                columns = sql.SQL(", ").join(sql.Identifier("t", column) for column in key)
                values = sql.SQL(", ").join(
                    sql.SQL("({})").format(sql.SQL(", ").join(sql.Literal(value) for value in row)) for row in chosen
                )
                parts.append(_sum(table, label, sql.SQL("WHERE ({}) IN ({})").format(columns, values)))
    return Sample(query=sql.SQL(" UNION ALL ").join(parts) if parts else None)


def _chosen(
    connection: psycopg.Connection, table: sql.Identifier, key: list[str], pages: int, seed: int
) -> list[tuple[str, ...]]:
    """Keys as text, which PostgreSQL reads as a literal of the column's type."""
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in key)
    percent = min(100.0, 400.0 / pages)
    query = sql.SQL("SELECT {} FROM ONLY {} TABLESAMPLE SYSTEM ({}) REPEATABLE ({}) LIMIT {}").format(
        columns, table, sql.Literal(percent), sql.Literal(seed), sql.Literal(SAMPLE)
    )
    return connection.execute(query).fetchall()


def _sum(table: sql.Identifier, label: str, where: sql.Composable) -> sql.Composed:
    return sql.SQL(
        "(SELECT {} AS name, pg_catalog.count(*) || ' ' || coalesce(pg_catalog.sum(pg_catalog.hashtextextended(t::text, 1)), 0)"
        " || ' ' || coalesce(pg_catalog.sum(pg_catalog.hashtextextended(t::text, 2)), 0) FROM ONLY {} t {})"
    ).format(sql.Literal(label), table, where)


def _tables(connection: psycopg.Connection, query: sql.Composed | None) -> dict[str, str]:
    return {} if query is None or not query.as_string() else dict(connection.execute(query).fetchall())


def _sequences(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY 1, 2"
    ).fetchall()
    if not rows:
        return {}
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, last_value || ' ' || is_called FROM {}").format(
            sql.Literal(f"{schema}.{name}"), sql.Identifier(schema, name)
        )
        for schema, name in rows
    )
    return dict(connection.execute(query).fetchall())
