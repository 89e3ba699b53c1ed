"""Does a database keep every promise of a schema? By queries of our own; nothing here knows the generator.

`promises` reads what a schema demands from the database that has it, as queries that count rows which break it.
`broken` asks them of any database with the same tables, constraints or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


@dataclass(frozen=True)
class Promise:
    """`query` counts the rows that break it."""

    name: str
    query: str


Connection = psycopg.Connection[Any]


def promises(connection: Connection) -> list[Promise]:
    """Everything that the schema of this database demands of rows."""
    connection.execute("SET search_path = ''")
    return [
        *_checks(connection),
        *_domains(connection),
        *_not_null(connection),
        *_unique(connection),
        *_exclusion(connection),
        *_foreign(connection),
        *_partitions(connection),
        *_generated(connection),
        *_sequences(connection),
    ]


def broken(connection: Connection, wanted: Sequence[Promise]) -> list[str]:
    """Each promise that rows break, with how many."""
    connection.execute("SET search_path = ''")
    result = []
    for promise in wanted:
        row = connection.execute(promise.query.encode()).fetchone()
        assert row is not None
        if row[0]:
            result.append(f"{promise.name}: {row[0]} rows")
    return result


def shape(connection: Connection) -> list[tuple[Any, ...]]:
    """Constraints, indexes and triggers with their state: what must be the same after building."""
    connection.execute("SET search_path = ''")
    found: list[tuple[Any, ...]] = []
    for query in (
        "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " FROM pg_constraint WHERE conrelid <> 0 AND contype <> 't' ORDER BY 2, 3",
        "SELECT 'index', indrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid, indisready"
        " FROM pg_index i JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace"
        f" WHERE {OURS} ORDER BY 2, 3",
        "SELECT 'trigger', tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 2, 3",
        "SELECT 'table', c.oid::regclass::text, relkind, replace(relpersistence::text, 'u', 'p'), relrowsecurity, relforcerowsecurity, relispopulated"
        f" FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE {OURS} AND relkind IN ('r', 'p', 'm', 'v')"
        " ORDER BY 2",
    ):
        found += [tuple(row) for row in connection.execute(query.encode()).fetchall()]
    return found


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows of every table that holds some itself, by `schema.name`."""
    result = {}
    for schema, name in connection.execute(
        f"SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE c.relkind = 'r' AND {OURS} ORDER BY 1, 2".encode()
    ).fetchall():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, name))
        ).fetchone()
        assert row is not None
        result[f"{schema}.{name}"] = int(row[0])
    return result


def _checks(connection: Connection) -> list[Promise]:
    enforced = "AND conenforced" if connection.info.server_version >= 180000 else ""
    rows = connection.execute(
        f"SELECT conrelid::regclass::text, conname, pg_get_expr(conbin, conrelid), connoinherit FROM pg_constraint o"
        f" JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace"
        f" WHERE contype = 'c' AND convalidated {enforced} AND {OURS} ORDER BY 1, 2".encode()
    ).fetchall()
    return [
        Promise(f"check {name} of {table}", f"SELECT count(*) FROM {'ONLY' if only else ''} {table} WHERE NOT ({text})")
        for table, name, text, only in rows
    ]


def _domains(connection: Connection) -> list[Promise]:
    """A domain's checks, and those of the domains below it."""
    rows = connection.execute(
        f"""
        WITH RECURSIVE down AS (
            SELECT oid AS declared, oid AS domain, typbasetype FROM pg_type WHERE typtype = 'd'
            UNION ALL
            SELECT d.declared, t.oid, t.typbasetype FROM down d JOIN pg_type t ON t.oid = d.typbasetype AND t.typtype = 'd'
        )
        SELECT a.attrelid::regclass::text, quote_ident(a.attname), o.conname, pg_get_expr(o.conbin, 0),
            (SELECT format_type(e.typbasetype, -1) FROM down e WHERE e.declared = d.declared
                AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = e.typbasetype AND t.typtype = 'd'))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        JOIN pg_namespace n ON n.oid = c.relnamespace AND {OURS}
        JOIN down d ON d.declared = a.atttypid JOIN pg_constraint o ON o.contypid = d.domain AND o.contype = 'c'
        WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, 3
        """.encode()
    ).fetchall()
    return [
        Promise(
            f"domain check {name} of {table}.{column}",
            f"SELECT count(*) FROM (SELECT {column}::{base} AS value FROM ONLY {table}) AS x"
            f" WHERE value IS NOT NULL AND NOT ({text})",
        )
        for table, column, name, text, base in rows
    ]


def _not_null(connection: Connection) -> list[Promise]:
    rows = connection.execute(
        f"SELECT attrelid::regclass::text, quote_ident(attname) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
        f" JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type t ON t.oid = atttypid WHERE relkind = 'r'"
        f" AND attnum > 0 AND NOT attisdropped AND (attnotnull OR typnotnull) AND {OURS} ORDER BY 1, 2".encode()
    ).fetchall()
    return [
        Promise(f"not null {table}.{column}", f"SELECT count(*) FROM ONLY {table} WHERE {column} IS NULL")
        for table, column in rows
    ]


def _unique(connection: Connection) -> list[Promise]:
    """Every unique index, over expressions and predicates too."""
    distinct = "NOT indnullsnotdistinct" if connection.info.server_version >= 150000 else "true"
    rows = connection.execute(
        f"""
        SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_expr(indpred, indrelid), {distinct},
            ARRAY(SELECT pg_get_indexdef(indexrelid, k, false) FROM generate_series(1, indnkeyatts) k ORDER BY k)
        FROM pg_index i JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE indisunique AND NOT indisexclusion AND relkind IN ('r', 'p') AND {OURS} ORDER BY 1, 2
        """.encode()
    ).fetchall()
    result = []
    for table, index, predicate, distinct_nulls, keys in rows:
        wanted = [f"({predicate})"] if predicate else []
        if distinct_nulls:
            wanted += [f"({key}) IS NOT NULL" for key in keys]
        grouped = ", ".join(f"({key})" for key in keys)
        # a partitioned table's index spans its parts; an inherited one's does not
        only = "" if _is_partitioned(connection, table) else "ONLY"
        result.append(
            Promise(
                f"unique {index}",
                f"SELECT coalesce(sum(n - 1), 0)::bigint FROM (SELECT count(*) AS n FROM {only} {table}"
                f" {'WHERE ' + ' AND '.join(wanted) if wanted else ''} GROUP BY {grouped}) AS g WHERE n > 1",
            )
        )
    return result


def _is_partitioned(connection: Connection, table: str) -> bool:
    row = connection.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", [table]).fetchone()
    return bool(row and row[0])


def _exclusion(connection: Connection) -> list[Promise]:
    """EXCLUDE, and keys WITHOUT OVERLAPS, by comparing all pairs of rows."""
    rows = connection.execute(
        f"""
        SELECT conrelid::regclass::text, conname, pg_get_expr(indpred, indrelid), indisprimary OR indisunique,
            ARRAY(SELECT pg_get_indexdef(indexrelid, k, false) FROM generate_series(1, indnkeyatts) k ORDER BY k),
            ARRAY(SELECT 'OPERATOR(' || nn.nspname || '.' || oprname || ')' FROM unnest(conexclop) WITH ORDINALITY u (op, at)
                JOIN pg_operator p ON p.oid = op JOIN pg_namespace nn ON nn.oid = oprnamespace ORDER BY at)
        FROM pg_constraint o JOIN pg_index i ON indexrelid = conindid JOIN pg_class c ON c.oid = conrelid
        JOIN pg_namespace n ON n.oid = relnamespace
        WHERE indisexclusion AND conexclop IS NOT NULL AND {OURS} ORDER BY 1, 2
        """.encode()
    ).fetchall()
    result = []
    for table, name, predicate, _key, keys, operators in rows:
        inner = (
            f"SELECT row_number() OVER () AS n, {', '.join(f'({key}) AS k{at}' for at, key in enumerate(keys))}"
            f" FROM {table} {f'WHERE {predicate}' if predicate else ''}"
        )
        pairs = " AND ".join(f"a.k{at} {operator} b.k{at}" for at, operator in enumerate(operators))
        result.append(
            Promise(
                f"exclusion {name} of {table}",
                f"WITH r AS MATERIALIZED ({inner}) SELECT count(*) FROM r a JOIN r b ON a.n < b.n AND {pairs}",
            )
        )
    return result


def _foreign(connection: Connection) -> list[Promise]:
    period = "conperiod" if connection.info.server_version >= 180000 else "false"
    rows = connection.execute(
        f"""
        SELECT conrelid::regclass::text, conname, confrelid::regclass::text, confmatchtype::text, {period},
            ARRAY(SELECT quote_ident(attname) FROM unnest(conkey) WITH ORDINALITY u (k, at)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = k ORDER BY at),
            ARRAY(SELECT quote_ident(attname) FROM unnest(confkey) WITH ORDINALITY u (k, at)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = k ORDER BY at),
            ARRAY(SELECT 'OPERATOR(' || nn.nspname || '.' || oprname || ')' FROM unnest(conpfeqop) WITH ORDINALITY u (op, at)
                JOIN pg_operator p ON p.oid = op JOIN pg_namespace nn ON nn.oid = oprnamespace ORDER BY at)
        FROM pg_constraint o JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE contype = 'f' AND convalidated AND conparentid = 0 AND {OURS} ORDER BY 1, 2
        """.encode()
    ).fetchall()
    result = []
    for table, name, target, match, has_period, columns, referred, equals in rows:
        only = "" if _is_partitioned(connection, table) else "ONLY"
        other = "" if _is_partitioned(connection, target) else "ONLY"
        given = " AND ".join(f"c.{column} IS NOT NULL" for column in columns)
        if has_period:
            same = " AND ".join(f"p.{b} = c.{a}" for a, b in zip(columns[:-1], referred[:-1], strict=True)) or "true"
            bad = (
                f"{given} AND NOT coalesce((SELECT range_agg(p.{referred[-1]}) @> c.{columns[-1]} FROM {other} {target} p"
                f" WHERE {same}), false)"
            )
        else:
            same = " AND ".join(f"p.{b} {op} c.{a}" for a, b, op in zip(columns, referred, equals, strict=True))
            bad = f"{given} AND NOT EXISTS (SELECT FROM {other} {target} p WHERE {same})"
        if match == "f" and len(columns) > 1:
            some = " OR ".join(f"c.{column} IS NOT NULL" for column in columns)
            bad = f"({bad}) OR (({some}) AND NOT ({given}))"
        result.append(Promise(f"foreign key {name} of {table}", f"SELECT count(*) FROM {only} {table} c WHERE {bad}"))
    return result


def _partitions(connection: Connection) -> list[Promise]:
    rows = connection.execute(
        f"SELECT c.oid::regclass::text, pg_get_partition_constraintdef(c.oid) FROM pg_class c"
        f" JOIN pg_namespace n ON n.oid = relnamespace WHERE relispartition AND relkind = 'r' AND {OURS} ORDER BY 1".encode()
    ).fetchall()
    # a hash partition's expression names its root by oid, which is another one elsewhere
    return [
        Promise(f"partition {table}", f"SELECT count(*) FROM {table} WHERE NOT ({text})")
        for table, text in rows
        if text and "satisfies_hash_partition" not in text
    ]


def _generated(connection: Connection) -> list[Promise]:
    rows = connection.execute(
        f"SELECT attrelid::regclass::text, quote_ident(attname), pg_get_expr(adbin, adrelid), format_type(atttypid, atttypmod)"
        f" FROM pg_attribute a JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum JOIN pg_class c ON c.oid = attrelid"
        f" JOIN pg_namespace n ON n.oid = relnamespace WHERE attgenerated = 's' AND relkind = 'r' AND {OURS} ORDER BY 1, 2".encode()
    ).fetchall()
    return [
        Promise(
            f"generated {table}.{column}",
            f"SELECT count(*) FROM ONLY {table} WHERE {column} IS DISTINCT FROM ({text})::{kind}",
        )
        for table, column, text, kind in rows
    ]


def _sequences(connection: Connection) -> list[Promise]:
    """The next number of a column's sequence is not taken yet."""
    rows = connection.execute(
        f"""
        SELECT s.oid::regclass::text, d.refobjid::regclass::text, quote_ident(attname), seqincrement
        FROM pg_class s JOIN pg_sequence ON seqrelid = s.oid JOIN pg_depend d ON d.objid = s.oid
            AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        JOIN pg_attribute ON attrelid = d.refobjid AND attnum = d.refobjsubid
        JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS} ORDER BY 1
        """.encode()
    ).fetchall()
    return [
        Promise(
            f"sequence {sequence}",
            f"SELECT CASE WHEN max({column}) > (SELECT CASE WHEN is_called THEN last_value ELSE last_value - {step} END"
            f" FROM {sequence}) THEN 1 ELSE 0 END FROM {table}",
        )
        for sequence, table, column, step in rows
        if step > 0
    ]
