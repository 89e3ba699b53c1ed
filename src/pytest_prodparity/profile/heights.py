"""Heights of B-trees and the counters of GIN metapages, where the role may read pages (superusers with pageinspect)."""

# ruff: noqa: S608  # what is put into queries is written here, or an sql.Identifier
from __future__ import annotations

from psycopg import sql

from .connection import Reading


def read_heights(reading: Reading) -> tuple[dict[int, int], dict[int, dict[str, int]]]:
    """By index oid: the root's level; the metapage's counters. Both empty where not allowed, which is noted."""
    found = reading.rows("""
        SELECT n.nspname AS schema, r.rolsuper AS superuser FROM pg_catalog.pg_roles r
        LEFT JOIN pg_catalog.pg_extension e ON e.extname = 'pageinspect'
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE r.rolname = current_user
    """)[0]
    if not found["superuser"] or found["schema"] is None:
        reading.notes.append(
            "Heights of indexes were not readable (that takes a superuser and the extension pageinspect): "
            "they are estimated from pages and key width."
        )
        return {}, {}
    schema = sql.Identifier(found["schema"])
    indexes = """FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am m ON m.oid = c.relam
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND m.amname = """
    trees = reading.attempt(
        sql.SQL(
            "SELECT c.oid, (SELECT level FROM {}.bt_metap(c.oid::regclass::text)) AS level " + indexes + "'btree'"
        ).format(schema)
    )
    inverted = reading.attempt(
        sql.SQL(
            "SELECT c.oid, g.* FROM (SELECT c.oid " + indexes + "'gin') c "
            "CROSS JOIN LATERAL {0}.gin_metapage_info({0}.get_raw_page(c.oid::regclass::text, 0)) g"
        ).format(schema)
    )
    for refused in (trees, inverted):
        if isinstance(refused, str):
            reading.notes.append(f"Heights of indexes were not readable ({refused}): they are estimated.")
    return (
        {} if isinstance(trees, str) else {row["oid"]: int(row["level"]) for row in trees},
        {}
        if isinstance(inverted, str)
        else {row["oid"]: {key: int(value) for key, value in row.items() if key != "oid"} for row in inverted},
    )
