"""schema.sql into the twin's empty database."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

from ..databases import schema
from ..databases.provider import Server
from ..profile.store import Stored

_COLLATION = re.compile(r'COLLATE (?:pg_catalog\.)"((?:[^"]|"")+)"')
_REMOTE = ("fdw_startup_cost", "fdw_tuple_cost", "fetch_size", "extensions", "schema_name", "table_name", "updatable")
"""Options of postgres_fdw that planning needs; all others, such as hosts, ports and passwords, are taken away."""


def load(connection: psycopg.Connection[Any], stored: Stored, server: Server) -> list[str]:
    """Run schema.sql in the connected database, as a superuser; returns notes."""
    _make_collations(connection, stored.schema)
    loaded = schema.load(server, connection.info.dbname, stored.schema, extensions=stored.profile.extensions)
    _strip_foreign(connection)
    return list(loaded.notes)


def _make_collations(connection: psycopg.Connection[Any], text: str) -> None:
    """Collations of production's operating system that this one lacks, in this database's own order."""
    names = sorted({name.replace('""', '"') for name in _COLLATION.findall(text)})
    if not names:
        return
    found = connection.execute(
        "SELECT name, (SELECT datcollate FROM pg_database WHERE datname = current_database())"
        " FROM unnest(%s::text[]) AS name WHERE NOT EXISTS ("
        " SELECT FROM pg_collation AS c WHERE c.collname = name AND c.collnamespace = 'pg_catalog'::regnamespace)",
        (names,),
    ).fetchall()
    if found:
        connection.execute("SET allow_system_table_mods = on")
        for name, locale in found:
            connection.execute(
                sql.SQL("CREATE COLLATION {} (provider = libc, locale = {})").format(
                    sql.Identifier("pg_catalog", name), sql.Literal(locale)
                )
            )
        connection.execute("RESET allow_system_table_mods")


def _strip_foreign(connection: psycopg.Connection[Any]) -> None:
    """Planning a foreign table must not connect anywhere."""
    kept = list(_REMOTE)
    connection.execute("DELETE FROM pg_user_mapping")
    connection.execute(
        "UPDATE pg_foreign_server SET srvoptions ="
        " ARRAY(SELECT o FROM unnest(srvoptions) AS o WHERE split_part(o, '=', 1) = ANY (%s))"
        " WHERE srvfdw = (SELECT oid FROM pg_foreign_data_wrapper WHERE fdwname = 'postgres_fdw')",
        (kept,),
    )
    connection.execute(
        "UPDATE pg_foreign_table SET ftoptions ="
        " ARRAY(SELECT o FROM unnest(ftoptions) AS o WHERE split_part(o, '=', 1) = ANY (%s))"
        " FROM pg_foreign_server AS s WHERE s.oid = ftserver"
        " AND s.srvfdw = (SELECT oid FROM pg_foreign_data_wrapper WHERE fdwname = 'postgres_fdw')",
        (kept,),
    )
