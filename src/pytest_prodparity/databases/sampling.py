"""A few rows of a table, the same ones each time."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ..core.errors import UsageError
from ..core.suggest import closest

FEW = 20_000
"""Rows up to which a whole table is read and put in order."""

_RELATIONS = """
SELECT n.nspname, c.relname, c.relkind, pg_catalog.pg_table_is_visible(c.oid), greatest(c.reltuples, 0)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
"""


def sample(connection: psycopg.Connection[Any], table: str, n: int, *, seed: int) -> list[dict[str, Any]]:
    """`n` rows by column, chosen by `seed`; the same database and seed give the same rows.

    Raises UsageError for a table that is not there, or has fewer rows.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise UsageError(f"sample({table!r}, {n!r}): {n!r} is no number of rows.", fix=f"write sample({table!r}, 3)")
    schema, name, kind, tuples = _find(connection, table)
    relation = sql.Identifier(schema, name)
    rows: list[dict[str, Any]] = []
    large = kind in "rpm" and tuples > max(FEW, 20 * n)
    key = _key(connection, relation) if large else None
    if key is not None:
        rows = _drawn(connection, relation, *key, n, seed)
    elif large and kind != "p":
        # By where rows lie, which a clone and its template agree on; an undo may have moved some.
        share = sql.Literal(min(100.0, 100 * (4 * n + 200) / tuples))
        part = sql.SQL("TABLESAMPLE BERNOULLI ({}) REPEATABLE ({})").format(share, sql.Literal(seed))
        rows = _chosen(connection, relation, part, n, seed)
    if len(rows) < n:
        rows = _chosen(connection, relation, sql.SQL(""), n, seed)
    if len(rows) < n:
        have = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
        raise UsageError(
            f"sample({table!r}, {n}): {schema}.{name} has {have}.",
            fix='ask for fewer, or begin with more: [tool.prodparity.levels.dev] rows = "1%" (of production\'s)',
        )
    return rows


def _key(connection: psycopg.Connection[Any], relation: sql.Composed | sql.Identifier) -> tuple[str, str] | None:
    """Name and type of the column that is the primary key, where points can be drawn in its range."""
    found = connection.execute(
        """
        SELECT a.attname, pg_catalog.format_type(a.atttypid, NULL)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = %s::regclass AND i.indisprimary AND i.indnkeyatts = 1
        """,
        [relation.as_string(connection)],
    ).fetchone()
    return (found[0], found[1]) if found and found[1] in ("smallint", "integer", "bigint", "uuid") else None


def _drawn(
    connection: psycopg.Connection[Any], relation: sql.Composable, key: str, kind: str, n: int, seed: int
) -> list[dict[str, Any]]:
    """The rows next to points of the key's range: the same ones wherever they lie."""
    column, points = sql.Identifier(key), 2 * n + 20
    if kind == "uuid":
        point = sql.SQL("pg_catalog.md5({} || '.' || p)::uuid").format(sql.Literal(f"{seed}"))
    else:
        share = "(pg_catalog.hashint8extended(p, {})::numeric / 18446744073709551616 + 0.5)"
        point = sql.SQL("(lo + (hi - lo) * " + share + ")::bigint").format(sql.Literal(seed))
    query = sql.SQL(
        "SELECT t.* FROM (SELECT min({key}) AS lo, max({key}) AS hi FROM {relation}) AS ends,"
        " generate_series(1, {points}) AS p,"
        " LATERAL (SELECT * FROM {relation} WHERE {key} >= {point} ORDER BY {key} LIMIT 1) AS t ORDER BY p"
    )
    if kind == "uuid":
        query = sql.SQL(
            "SELECT t.* FROM generate_series(1, {points}) AS p,"
            " LATERAL (SELECT * FROM {relation} WHERE {key} >= {point} ORDER BY {key} LIMIT 1) AS t ORDER BY p"
        )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            query.format(key=column, relation=relation, points=sql.Literal(points), point=point)
        ).fetchall()
    return list({row[key]: row for row in rows}.values())[:n]


def _chosen(
    connection: psycopg.Connection[Any], relation: sql.Composable, part: sql.Composable, n: int, seed: int
) -> list[dict[str, Any]]:
    query = sql.SQL(
        "SELECT t.* FROM {} AS t {} ORDER BY pg_catalog.hashtextextended(t::text, {}), t::text LIMIT {}"
    ).format(relation, part, sql.Literal(seed), sql.Literal(n))
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _find(connection: psycopg.Connection[Any], table: str) -> tuple[str, str, str, float]:
    relations = connection.execute(_RELATIONS).fetchall()
    alike = [one for one in relations if table in (one[1], f"{one[0]}.{one[1]}")]
    exact = [one for one in alike if f"{one[0]}.{one[1]}" == table] or [one for one in alike if one[3]]
    if len(exact) == 1 or len(alike) == 1:
        schema, name, kind, _, tuples = (exact or alike)[0]
        return schema, name, kind, float(tuples)
    if alike:
        names = [f"{one[0]}.{one[1]}" for one in alike]
        raise UsageError(f"sample({table!r}): it is in several schemas.", fix=f"write one of {', '.join(names)}")
    names = [one[1] for one in relations] + [f"{one[0]}.{one[1]}" for one in relations]
    raise UsageError(f"sample({table!r}): there is no such table{closest(table, names)}.")
