"""Rows that an index refuses: left out, and counted.

Partial and expression indexes and EXCLUDE can be about anything. So the rows are put aside, the index is made, and the
server itself takes what fits.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql


def weed(connection: psycopg.Connection[Any], table: str, statement: str) -> tuple[int, int]:
    """Make the index of `statement` on `table` (as SQL writes it); (rows in it, rows left out)."""
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            [table],
        ).fetchall()
    ]
    target = sql.SQL(table)  # out of pg_dump's own text
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.transaction():
        connection.execute(
            sql.SQL("CREATE TEMPORARY TABLE aside ON COMMIT DROP AS SELECT {} FROM ONLY {}").format(names, target)
        )
        connection.execute(sql.SQL("TRUNCATE ONLY {}").format(target))
        connection.execute(statement.encode())
        put = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM aside {} ON CONFLICT DO NOTHING")
        first = connection.execute(put.format(target, names, names, sql.SQL("")))
        total = connection.execute("SELECT count(*) FROM aside").fetchone()
        kept, wanted = first.rowcount, int(total[0]) if total else 0
    return kept, wanted - kept
