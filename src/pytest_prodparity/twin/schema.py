"""schema.sql into an empty database, whatever the server lacks named in one message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from ..profile.model import Profile
from ..profile.store import SCHEMA, Stored

_META_COMMAND = re.compile(r"^\\(?:un)?restrict\b.*$", re.MULTILINE)
_MISSING_ROLE = re.compile(r'role "(.+)" does not exist')
_COLLATION = re.compile(r'COLLATE (?:pg_catalog\.)"((?:[^"]|"")+)"')
_REMOTE = ("fdw_startup_cost", "fdw_tuple_cost", "fetch_size", "extensions", "schema_name", "table_name", "updatable")
"""Options of postgres_fdw that planning needs; all others, such as hosts, ports and passwords, are taken away."""


def load(connection: psycopg.Connection[Any], stored: Stored) -> None:
    """Run schema.sql as a superuser; raises ProdparityError with the line at which it failed."""
    text = _META_COMMAND.sub("", stored.schema)
    _make_roles(connection, (role.name for role in stored.profile.roles))
    _make_collations(connection, text)
    for _ in range(100):
        try:
            connection.execute(text.encode())
        except psycopg.Error as cause:
            missing = _MISSING_ROLE.fullmatch(cause.diag.message_primary or "")
            if missing is None:
                raise _failure(cause, text, stored.profile) from cause
            _make_roles(connection, [missing[1]])
        else:
            break
    _strip_foreign(connection)


def _make_roles(connection: psycopg.Connection[Any], names: Iterable[str]) -> None:
    """Roles that own, are granted, or have policies must exist; they cannot log in and belong to nothing."""
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for name in names:
        if name in there or name.startswith("pg_") or name in ("public", "none"):
            continue
        try:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            continue


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


def _failure(cause: psycopg.Error, text: str, profile: Profile) -> ProdparityError:
    said = cause.diag.message_primary or str(cause)
    missing = re.fullmatch(r'extension "(.+)" is not available', said)
    if missing:
        version = next((found.version for found in profile.extensions if found.name == missing[1]), "")
        return ProdparityError(
            f"Production has the extension {missing[1]} {version}".rstrip() + ", this PostgreSQL does not.",
            tried=f"The planner twin of {profile.database!r} needs it: types and functions come from it.",
            fix="install it for this PostgreSQL, or name a PostgreSQL that has it with PRODPARITY_PG_BIN",
        )
    where = SCHEMA
    position = cause.diag.statement_position
    if position:
        where = f"{SCHEMA}, line {text[: int(position)].count(chr(10)) + 1}"
    return ProdparityError(
        f"The planner twin could not be built: {where}: {said}",
        tried=cause.diag.message_detail or cause.diag.context,
        fix="prodparity capture URL, or correct the file",
    )
