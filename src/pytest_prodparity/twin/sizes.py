"""Files of production's size, and the pages in them that the planner looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from ..profile.model import Index, Table
from . import btree, metapages
from .extended import SCRATCH
from .pages import BLOCK, Change, Pages

RELATIONS = """
SELECT n.nspname, c.relname, c.oid::int8, pg_relation_filepath(c.oid), c.relkind::text
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I', 'f', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""

_BUFFERS = """
SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_buffercache'
"""
_EVICT = """
SELECT count(*) FROM (
    SELECT {schema}.pg_buffercache_evict(b.bufferid) AS gone FROM {schema}.pg_buffercache AS b
    WHERE b.reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND b.relfilenode IN (SELECT pg_relation_filenode(oid) FROM pg_class WHERE oid >= 16384)) AS e
WHERE NOT (gone).buffer_evicted
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A table, index or view of the twin's database; `file` is None where it has none."""

    oid: int
    file: str | None
    kind: str


def relations(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], Relation]:
    """By schema and name."""
    return {
        (schema, name): Relation(oid=oid, file=file, kind=kind)
        for schema, name, oid, file, kind in connection.execute(RELATIONS)
    }


def flush(connection: psycopg.Connection[Any]) -> None:
    """Write and forget every page that the server holds of this database's own relations.

    The checkpoint comes first so that recovery after a crash starts behind it, and does not undo what is written then.
    """
    theirs = connection.execute(_BUFFERS).fetchone()
    if theirs is None:
        try:
            with connection.transaction():
                connection.execute(f"CREATE SCHEMA {SCRATCH}".encode())
                connection.execute(f"CREATE EXTENSION pg_buffercache SCHEMA {SCRATCH}".encode())
        except psycopg.errors.FeatureNotSupported as missing:
            raise ProdparityError(
                "The planner twin needs the extension pg_buffercache, which this PostgreSQL does not have.",
                fix="install PostgreSQL's contrib package, or unset PRODPARITY_PG_BIN",
            ) from missing
    schema = sql.Identifier(theirs[0] if theirs else SCRATCH)
    connection.execute("CHECKPOINT")
    held = connection.execute(sql.SQL(_EVICT).format(schema=schema)).fetchone()
    if theirs is None:
        connection.execute(f"DROP EXTENSION pg_buffercache; DROP SCHEMA {SCRATCH}".encode())
    if held != (0,):
        raise ProdparityError(f"{held and held[0]} pages of the planner twin stayed in the server's memory.")


def apply(pages: Pages, tables: Iterable[Table], found: dict[tuple[str, str], Relation]) -> None:
    """Write skeletons and counters, and extend every file to production's size. The server must hold none of the pages."""
    changes: dict[str, Change] = {}
    for table in tables:
        relation = found.get((table.schema, table.name))
        if relation is not None and relation.file is not None:
            changes[relation.file] = Change(size=_whole(table.size))
        for index in table.indexes:
            relation = found.get((table.schema, index.name))
            if relation is not None and relation.file is not None:
                looked_at = index.method in ("btree", "brin") or index.gin is not None
                put = partial(_changes, index, table) if looked_at else None
                changes[relation.file] = Change(size=_whole(index.size), pages=put)
    pages.change(changes)


def _changes(index: Index, table: Table, head: bytes) -> dict[int, bytes]:
    meta = head[:BLOCK]
    if index.method == "btree":
        height = index.height
        if height is None:
            height = btree.estimated_height(index.size // BLOCK, key_width(index, table))
        return btree.skeleton(meta, head[BLOCK:] or None, min(height, max(0, index.size // BLOCK - 2)))
    if index.method == "brin":
        return {0: metapages.brin(meta, table.size // BLOCK)}
    return {0: metapages.gin(meta, index.gin or {})}


def key_width(index: Index, table: Table) -> float:
    """Bytes of an index's key, from the columns' average widths; 32 for what has none, as the planner assumes."""
    widths = {column.name: column.statistics.avg_width for column in table.columns if column.statistics}
    return float(sum(widths.get(name, 32) for name in index.columns))


def _whole(size: int) -> int:
    return size // BLOCK * BLOCK
