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
    if kind in "rm" and tuples > max(FEW, 20 * n):
        # A clone has its rows where its template has them: the same ones are drawn.
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
