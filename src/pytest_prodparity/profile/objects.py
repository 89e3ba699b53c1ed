"""Everything that has a name and is not a table: extensions, schemas, enums, domains, views, functions."""

# ruff: noqa: S608  # what is put into queries is written here, or an sql.Identifier
from __future__ import annotations

from .catalog import ours
from .connection import Reading
from .model import Extension


def read_extensions(reading: Reading) -> list[Extension]:
    """Installed extensions with their versions."""
    rows = reading.rows("""
        SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname COLLATE "C"
    """)
    return [Extension(**row) for row in rows]


def read_schemas(reading: Reading) -> list[str]:
    """Names of all schemas but the system's."""
    rows = reading.rows("""
        SELECT n.nspname AS name FROM pg_catalog.pg_namespace n
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY n.nspname COLLATE "C"
    """)
    return [row["name"] for row in rows]


def read_enums(reading: Reading) -> dict[str, list[str]]:
    """By `schema.name`: the labels in order."""
    rows = reading.rows(f"""
        SELECT n.nspname || '.' || t.typname AS name,
            pg_catalog.array_agg(e.enumlabel ORDER BY e.enumsortorder)::text[] AS labels
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE {ours("t", "pg_type")} GROUP BY 1
    """)
    return {row["name"]: row["labels"] for row in sorted(rows, key=lambda row: str(row["name"]))}


def read_domains(reading: Reading) -> dict[str, str]:
    """By `schema.name`: base type, NOT NULL, default and checks."""
    rows = reading.rows(f"""
        SELECT n.nspname || '.' || t.typname AS name, pg_catalog.concat_ws(' ',
            pg_catalog.format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
            'DEFAULT ' || t.typdefault, (SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(o.oid), ' '
                ORDER BY o.conname) FROM pg_catalog.pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c')) AS text
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype = 'd' AND {ours("t", "pg_type")}
    """)
    return {row["name"]: row["text"] for row in sorted(rows, key=lambda row: str(row["name"]))}


def read_views(reading: Reading) -> dict[str, str]:
    """By `schema.name`: the query."""
    rows = reading.rows(f"""
        SELECT n.nspname || '.' || c.relname AS name, pg_catalog.pg_get_viewdef(c.oid) AS text
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND {ours("c", "pg_class")}
    """)
    return {row["name"]: row["text"] for row in sorted(rows, key=lambda row: str(row["name"]))}


def read_functions(reading: Reading) -> dict[str, str]:
    """By signature: volatility, language, and what sets it apart (`set-returning`, `security definer`, …)."""
    rows = reading.rows(f"""
        SELECT n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS name,
            pg_catalog.concat_ws(' ', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
                l.lanname, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' END,
                CASE WHEN p.proretset THEN 'set-returning' END, CASE WHEN p.prosecdef THEN 'security definer' END) AS text
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE {ours("p", "pg_proc")}
    """)
    return {row["name"]: row["text"] for row in sorted(rows, key=lambda row: str(row["name"]))}
