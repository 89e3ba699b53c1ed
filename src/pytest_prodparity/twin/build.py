"""Builds the twin's database once per profile and cluster; every later run and worker finds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from ..databases.provider import Server
from ..profile.store import Stored
from . import ends, extended, replay, roles, schema, settings, sizes, statistics
from .pages import open_pages

GENERATOR = "2"
"""Raised whenever a twin built by an older version would plan differently."""

KEPT = 8
"""Twins that stay in a cluster; the oldest beyond them go when another one is built."""

_LOCK = 0x7477696E
"""Advisory lock in the database `postgres`: one process of a cluster builds at a time."""

_SUM = """
SELECT concat_ws(' ', count(*), sum(pg_relation_size(c.oid)), sum(c.relpages::int8), sum(c.reltuples::numeric),
    sum(c.relallvisible::int8), (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384),
    (SELECT sum(stadistinct::numeric) FROM pg_statistic WHERE starelid >= 16384))
FROM pg_class AS c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'i', 'm', 'p')
"""
"""Changes when anything that the twin is made of was damaged: ANALYZE, VACUUM, TRUNCATE, a shortened file."""


def name(stored: Stored, server: Server) -> str:
    """The database of this profile's twin."""
    parts = (stored.key, GENERATOR, str(server.version))
    return "twin_" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def ensure(stored: Stored, server: Server, database: str) -> None:
    """Build the twin's database, of that `name`, unless it is there. Safe with other processes doing the same."""
    with _locked(server) as control:
        if _built(control, database):
            return
        _sweep(control)
        draft = f"{database}_draft"
        _create(control, draft, stored)
        try:
            roles.make(control, server, database)
            notes = _fill(stored, server, draft, database)
            with psycopg.connect(server.dsn(draft), autocommit=True) as inside:
                row = inside.execute(_SUM).fetchone()
            about = json.dumps({"made": "prodparity", "notes": notes, "sum": row[0] if row else ""})
            control.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(draft), sql.Literal(about)))
            control.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(database))
            )
        except BaseException:
            _drop(control, draft)
            raise


def notes(connection: psycopg.Connection[Any]) -> tuple[str, ...] | None:
    """What the build of the connected twin had to leave out; None where the twin is damaged and must be built again."""
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    found = connection.execute(_SUM).fetchone()
    try:
        about = json.loads(row[0]) if row and row[0] else {}
    except json.JSONDecodeError:
        return None
    if not found or about.get("sum") != found[0]:
        return None
    return tuple(about["notes"])


def discard(server: Server, database: str) -> None:
    """Drop a twin; whoever is connected to it loses the connection."""
    with _locked(server) as control:
        _drop(control, database)


@contextmanager
def _locked(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.dsn(), autocommit=True, application_name="prodparity twin") as control:
        control.execute("SET statement_timeout = 0")
        control.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        yield control


def _built(control: psycopg.Connection[Any], database: str) -> bool:
    return control.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None


def _sweep(control: psycopg.Connection[Any]) -> None:
    """Drafts are left by killed processes (we hold the lock); of whole twins the newest stay, and those in use."""
    found = control.execute(
        "SELECT datname FROM pg_database WHERE datname ~ '^twin_[0-9a-f]{16}(_draft)?$' ORDER BY oid"
    ).fetchall()
    drafts = [database for (database,) in found if database.endswith("_draft")]
    whole = [database for (database,) in found if not database.endswith("_draft")]
    for database in drafts:
        _drop(control, database)
    for database in whole[: -KEPT + 1]:
        with suppress(psycopg.errors.ObjectInUse):
            _drop(control, database, force=False)


def _drop(control: psycopg.Connection[Any], database: str, *, force: bool = True) -> None:
    command = "DROP DATABASE IF EXISTS {} WITH (FORCE)" if force else "DROP DATABASE IF EXISTS {}"
    control.execute(sql.SQL(command).format(sql.Identifier(database)))
    whole = database.removesuffix("_draft")
    if not _built(control, whole):
        for role in (roles.planner(whole), roles.owner(whole)):
            control.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _create(control: psycopg.Connection[Any], draft: str, stored: Stored) -> None:
    """With production's collation, or one of the same nature: under any but `C` an index does not serve LIKE 'x%'."""
    wanted = stored.profile.collation
    provider, colon, locale = wanted.partition(":")
    if not colon:
        provider, locale = "libc", wanted
    tries = [(provider, locale)]
    if (provider, locale) not in (("libc", "C"), ("libc", "POSIX"), ("builtin", "C")):
        tries += [("libc", other) for other in ("C.UTF-8", "C.utf8", "en_US.UTF-8")]
    for provider, locale in (*tries, ("libc", "C")):
        if provider in _CREATE:
            command = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' " + _CREATE[provider])
            try:
                control.execute(command.format(sql.Identifier(draft), sql.Literal(locale)))
            except (psycopg.errors.WrongObjectType, psycopg.errors.DataError, psycopg.errors.FeatureNotSupported):
                continue
            return
    raise ProdparityError(f"No database could be made with the collation {wanted!r}, nor with C.")


_CREATE: dict[str, LiteralString] = {
    "builtin": "LOCALE_PROVIDER builtin LOCALE 'C' BUILTIN_LOCALE {}",
    "icu": "LOCALE_PROVIDER icu LOCALE 'C' ICU_LOCALE {}",
    "libc": "LOCALE_PROVIDER libc LOCALE {}",
}


def _fill(stored: Stored, server: Server, draft: str, database: str) -> list[str]:
    """Everything inside the draft; returns what had to be left out."""
    profile = stored.profile
    options = "-c client_min_messages=warning -c statement_timeout=0 -c default_transaction_read_only=off"
    with psycopg.connect(server.dsn(draft), autocommit=True, options=options) as inside:
        notes = schema.load(inside, stored, server)
        with inside.transaction():
            inside.execute("SET LOCAL search_path = pg_catalog")
            found = sizes.relations(inside)
            missing = [table.full_name for table in profile.tables if (table.schema, table.name) not in found]
            notes += [f"{table} is in profile.json, not in schema.sql" for table in missing]
            oids = {key: relation.oid for key, relation in found.items()}
            notes += ends.insert(inside, profile.tables, oids)
            notes += statistics.restore(inside, profile)
            notes += extended.restore(inside, profile.extended_statistics)
            notes += roles.grant(inside, database)
            _install(inside, database)
        inside.execute("SET search_path = pg_catalog")
        sizes.flush(inside)
        pages = open_pages(server, inside)
        sizes.apply(pages, profile.tables, found)
        inside.execute("RESET search_path")
        notes += settings.copy(inside, draft, profile.settings)
        inside.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(draft)))
        inside.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(
                sql.Identifier(draft),
                sql.Identifier(roles.planner(database)),
                sql.Identifier(roles.owner(database)),
            )
        )
    return notes


def _install(inside: psycopg.Connection[Any], database: str) -> None:
    owner, schema_name = sql.Identifier(roles.owner(database)), sql.Identifier(replay.SCHEMA)
    inside.execute(sql.SQL(replay.INSTALL).format(schema=schema_name, owner=owner))
