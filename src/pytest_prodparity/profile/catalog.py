"""Tables, columns, indexes and constraints as PostgreSQL's catalogues describe them: readable by every role."""

# ruff: noqa: S608  # what is put into queries is written here, or an sql.Identifier
from __future__ import annotations

from collections import defaultdict

from psycopg.rows import DictRow

from .connection import Reading
from .model import Column, Constraint, Index, Sequence

OURS = """n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend e WHERE e.objid = {alias}.oid AND e.deptype = 'e'
    AND e.classid = 'pg_catalog.{catalogue}'::pg_catalog.regclass)"""
"""Not the system's, and not an extension's: CREATE EXTENSION brings those."""


def ours(alias: str, catalogue: str) -> str:
    """The WHERE condition for objects of `catalogue`, whose schema is `n`."""
    return OURS.format(alias=alias, catalogue=catalogue)


def read_tables(reading: Reading) -> list[DictRow]:
    """One row per table, partition, materialised view and foreign table, sorted by name."""
    frozen = "c.relallfrozen" if reading.has(18) else "NULL"
    return reading.rows(f"""
        SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS relkind, c.relispartition AS partition,
            c.relpages AS pages, c.reltuples::float8 AS tuples, c.relallvisible AS all_visible, {frozen} AS all_frozen,
            COALESCE(pg_catalog.pg_relation_size(c.oid, 'main'), 0) AS size,
            CASE WHEN c.reltoastrelid = 0 THEN 0
                ELSE COALESCE(pg_catalog.pg_relation_size(c.reltoastrelid, 'main'), 0) END AS toast_size,
            (SELECT pn.nspname || '.' || p.relname FROM pg_catalog.pg_inherits i
                JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
                JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
                WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1) AS parent,
            pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
            c.relrowsecurity AS rls, c.relforcerowsecurity AS forced,
            CASE WHEN c.relrowsecurity THEN pg_catalog.row_security_active(c.oid) ELSE false END AS rls_active,
            COALESCE(c.reloptions, '{{}}') AS options,
            pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
            pg_catalog.pg_stat_get_live_tuples(c.oid) AS live_rows
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'f') AND {ours("c", "pg_class")}
        ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    """)


def read_columns(reading: Reading) -> dict[int, list[tuple[int, int, Column]]]:
    """By the relation's oid, indexes included (for their expressions): attribute number, type's oid, column without statistics."""
    result: dict[int, list[tuple[int, int, Column]]] = defaultdict(list)
    for row in reading.rows(f"""
        SELECT a.attrelid AS oid, a.attnum, a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
            a.attnotnull AS not_null, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression,
            a.attidentity::text AS identity, a.attgenerated::text AS generated, a.atttypid AS type_oid
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
            AND {ours("c", "pg_class")}
        ORDER BY a.attrelid, a.attnum
    """):
        generated = {"s": "stored", "v": "virtual"}.get(row["generated"])
        if row["identity"]:
            generated = {"a": "identity always", "d": "identity by default"}[row["identity"]]
        column = Column(
            name=row["name"],
            type=row["type"],
            not_null=row["not_null"],
            default=row["expression"],
            generated=generated,
        )
        result[row["oid"]].append((row["attnum"], row["type_oid"], column))
    return result


def read_indexes(reading: Reading) -> dict[int, list[tuple[int, Index]]]:
    """By the table's oid: (the index's oid, index), oldest first; heights are still missing."""
    result: dict[int, list[tuple[int, Index]]] = defaultdict(list)
    for row in reading.rows(f"""
        SELECT i.indrelid AS table_oid, c.oid, c.relname AS name, m.amname AS method,
            pg_catalog.pg_get_indexdef(c.oid) AS definition, i.indisunique AS unique, i.indisprimary AS primary,
            i.indisvalid AND i.indisready AS valid, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS partial,
            c.relpages AS pages, c.reltuples::float8 AS tuples,
            COALESCE(pg_catalog.pg_relation_size(c.oid, 'main'), 0) AS size,
            (SELECT pg_catalog.array_agg(COALESCE(a.attname, pg_catalog.pg_get_indexdef(c.oid, k.at::int, false)::text)
                ORDER BY k.at)
             FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, at)
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0
             WHERE k.at <= i.indnkeyatts)::text[] AS columns
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
        JOIN pg_catalog.pg_am m ON m.oid = c.relam
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE t.relkind IN ('r', 'p', 'm', 'f') AND {ours("t", "pg_class")}
        ORDER BY c.oid
    """):
        table, oid = row.pop("table_oid"), row.pop("oid")
        result[table].append((oid, Index(**row)))
    return result


def index_entries(reading: Reading) -> dict[tuple[int, int], tuple[int, int]]:
    """(catalogue, oid) of each index, and of each constraint that owns one -> (table's oid, index's oid)."""
    rows = reading.rows("""
        SELECT 'pg_catalog.pg_class'::regclass::oid AS catalogue, indexrelid AS oid, indrelid, indexrelid
            FROM pg_catalog.pg_index
        UNION ALL
        SELECT 'pg_catalog.pg_constraint'::regclass::oid, oid, conrelid, conindid
            FROM pg_catalog.pg_constraint WHERE contype IN ('p', 'u', 'x')
    """)
    return {(row["catalogue"], row["oid"]): (row["indrelid"], row["indexrelid"]) for row in rows}


_KINDS = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "exclusion",
    "n": "not null",
}


def read_constraints(reading: Reading) -> dict[int, list[Constraint]]:
    """By the table's oid, sorted by name."""
    columns = """(SELECT pg_catalog.array_agg(a.attname ORDER BY k.at) FROM pg_catalog.unnest({keys})
        WITH ORDINALITY AS k(number, at) JOIN pg_catalog.pg_attribute a ON a.attrelid = {table} AND a.attnum = k.number
        )::text[]"""
    result: dict[int, list[Constraint]] = defaultdict(list)
    for row in reading.rows(f"""
        SELECT o.conrelid, o.conname AS name, o.contype::text AS kind, pg_catalog.pg_get_constraintdef(o.oid) AS definition,
            o.convalidated AS validated, fn.nspname || '.' || f.relname AS references,
            {columns.format(keys="o.conkey", table="o.conrelid")} AS columns,
            {columns.format(keys="o.confkey", table="o.confrelid")} AS references_columns
        FROM pg_catalog.pg_constraint o
        JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_class f ON f.oid = o.confrelid
        LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
        WHERE o.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND {ours("c", "pg_class")}
        ORDER BY o.conrelid, o.conname COLLATE "C"
    """):
        result[row["conrelid"]].append(
            Constraint(
                name=row["name"],
                kind=_KINDS[row["kind"]],
                definition=row["definition"],
                columns=row["columns"] or [],
                references=row["references"],
                references_columns=row["references_columns"] or [],
                validated=row["validated"],
            )
        )
    return result


def read_sequences(reading: Reading) -> list[Sequence]:
    """Every sequence with its position, which is None without rights or before its first use."""
    rows = reading.rows(f"""
        SELECT n.nspname AS schema, c.relname AS name, s.seqincrement AS increment,
            CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE, SELECT')
                THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value,
            (SELECT tn.nspname || '.' || t.relname || '.' || a.attname FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
                JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
                JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass
                    AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1) AS owned_by
        FROM pg_catalog.pg_sequence s
        JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE {ours("c", "pg_class")}
        ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    """)
    return [Sequence(**row) for row in rows]
