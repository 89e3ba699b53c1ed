"""End rows: one row with the minimum and one with the maximum of each leading index column.

For a range condition near the end of a histogram the planner asks the index for the true end
(`get_actual_variable_range`); an index without entries sends it back to the histogram, and late dates would be estimated
as production does not estimate them. So each table gets at most two rows. All their other columns are NULL, and
constraints are lifted in the catalogue for the moment of inserting, so that no CHECK, NOT NULL, partition bound or
materialised view refuses them, and no unique index can either: NULLs are distinct.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from ..profile.model import Table

_LIFT = """
CREATE TEMPORARY TABLE lifted ON COMMIT DROP AS
    SELECT c.oid, c.relchecks, c.relispartition, c.relkind
    FROM pg_class AS c WHERE c.oid = ANY (%s);
"""
_LIFT_NULLS = """
CREATE TEMPORARY TABLE lifted_nulls ON COMMIT DROP AS
    SELECT a.attrelid, a.attnum FROM pg_attribute AS a JOIN pg_temp.lifted AS l ON l.oid = a.attrelid
    WHERE a.attnum > 0 AND a.attnotnull
"""
_LIFT_DOMAINS = """
CREATE TEMPORARY TABLE lifted_domains ON COMMIT DROP AS SELECT t.oid FROM pg_type AS t WHERE t.typtype = 'd' AND t.typnotnull
"""
_STEPS_DOWN = (
    "UPDATE pg_class AS c SET relchecks = 0, relispartition = false, relkind = 'r' FROM pg_temp.lifted AS l"
    " WHERE l.oid = c.oid AND (l.relchecks > 0 OR l.relispartition OR l.relkind <> 'r')",
    "UPDATE pg_attribute AS a SET attnotnull = false FROM pg_temp.lifted_nulls AS l"
    " WHERE (l.attrelid, l.attnum) = (a.attrelid, a.attnum)",
    "UPDATE pg_type AS t SET typnotnull = false FROM pg_temp.lifted_domains AS l WHERE l.oid = t.oid",
    "SET LOCAL session_replication_role = replica",
)
_STEPS_UP = (
    "SET LOCAL session_replication_role = origin",
    "UPDATE pg_type AS t SET typnotnull = true FROM pg_temp.lifted_domains AS l WHERE l.oid = t.oid",
    "UPDATE pg_class AS c SET relchecks = l.relchecks, relispartition = l.relispartition, relkind = l.relkind"
    " FROM pg_temp.lifted AS l WHERE l.oid = c.oid AND (l.relchecks > 0 OR l.relispartition OR l.relkind <> 'r')",
    "UPDATE pg_attribute AS a SET attnotnull = true FROM pg_temp.lifted_nulls AS l"
    " WHERE (l.attrelid, l.attnum) = (a.attrelid, a.attnum)",
)


def insert(connection: psycopg.Connection[Any], tables: Iterable[Table], oids: dict[tuple[str, str], int]) -> list[str]:
    """Insert the end rows of all tables inside the caller's transaction; returns which went without, in sentences.

    `oids` maps (schema, table) to the relation in this database.
    """
    wanted = [
        (table, oids[table.schema, table.name])
        for table in tables
        if table.ends
        and table.kind in ("table", "partition", "materialized view")
        and (table.schema, table.name) in oids
    ]
    if not wanted:
        return []
    connection.execute(_LIFT, ([oid for _, oid in wanted],))
    connection.execute(_LIFT_NULLS)
    connection.execute(_LIFT_DOMAINS)
    for step in _STEPS_DOWN:
        connection.execute(step)
    statements = {table.full_name: statement for table, _ in wanted for statement in [_statement(table)]}
    notes = _run(connection, statements)
    for step in _STEPS_UP:
        connection.execute(step)
    connection.execute("DROP TABLE pg_temp.lifted_nulls, pg_temp.lifted_domains, pg_temp.lifted")
    return notes


def _run(connection: psycopg.Connection[Any], statements: dict[str, sql.Composed]) -> list[str]:
    """All in one go; where one fails, each by itself."""
    try:
        with connection.transaction():
            connection.execute(sql.SQL("; ").join(statements.values()))
    except psycopg.Error:
        pass
    else:
        return []
    notes = []
    for table, statement in statements.items():
        try:
            with connection.transaction():
                connection.execute(statement)
        except psycopg.Error as cause:
            why = cause.diag.message_primary or "no reason given"
            notes.append(f"{table} goes without its end rows, so ranges at its ends may be off: {why}")
    return notes


def _statement(table: Table) -> sql.Composed:
    """Minimum and maximum in one row each; where they are equal the second row has NULL, so that both are distinct."""
    generated = {column.name for column in table.columns if (column.generated or "") in ("stored", "virtual")}
    ends = {name: pair for name, pair in table.ends.items() if name not in generated and len(pair) == 2}
    low = [sql.Literal(pair[0]) for pair in ends.values()]
    high = [sql.Literal(pair[1] if pair[1] != pair[0] else None) for pair in ends.values()]
    rows = [low, high] if any(pair[0] != pair[1] for pair in ends.values()) else [low]
    return sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES {}").format(
        sql.Identifier(table.schema, table.name),
        sql.SQL(", ").join(map(sql.Identifier, ends)),
        sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(row)) for row in rows),
    )
