"""Makes a database fit for the delta, and says where none can be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import psycopg
from psycopg import sql

from ...core.errors import ProdparityError
from ..provider import Server

OLDEST = 150000
OPTIONS = (
    "-c session_replication_role=replica -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    " -c lock_timeout=1000 -c search_path= -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c extra_float_digits=1"
    " -c bytea_output=hex -c xmlbinary=base64 -c TimeZone=UTC -c quote_all_identifiers=off -c row_security=off"
    " -c standard_conforming_strings=on -c synchronous_commit=on -c default_transaction_read_only=off -c default_transaction_deferrable=off"
    " -c default_transaction_isolation=read\\ committed -c jit=off -c enable_seqscan=off -c enable_hashjoin=off"
    " -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan -c lc_monetary=C -c log_statement=none -c log_min_duration_statement=-1"
)
"""Of our own sessions: values have one text, triggers do not fire, and keys are looked up by their index."""


READER = """
CREATE FUNCTION pg_temp.parity_wal(start pg_lsn, stop pg_lsn, OUT start_lsn pg_lsn, OUT end_lsn pg_lsn,
  OUT prev_lsn pg_lsn, OUT xid xid, OUT resource_manager text, OUT record_type text, OUT record_length int4,
  OUT main_data_length int4, OUT fpi_length int4, OUT description text, OUT block_ref text)
RETURNS SETOF record LANGUAGE c STRICT AS '$libdir/pg_walinspect', 'pg_get_wal_records_info'
"""
"""pg_walinspect without its extension: nothing is added to the database, the function goes with the session."""


class Untrackable(ProdparityError):
    """On this server or in this database no delta can be had; a clone for each test works."""

    def __init__(self, why: str, *, fix: str, passing: bool = False) -> None:
        super().__init__(f"Changes cannot be followed: {why}.", tried="Each test can have a clone instead", fix=fix)
        self.why = why
        self.passing = passing
        """It may work in a moment."""


def connect(server: Server, database: str) -> psycopg.Connection:
    """A session of ours."""
    connection = psycopg.connect(
        server.dsn(database), autocommit=True, application_name="prodparity delta", options=OPTIONS
    )
    connection.prepare_threshold = 1
    return connection


def connected(server: Server, database: str) -> psycopg.Connection:
    """As `connect`; raises Untrackable where the rights for such a session are missing."""
    try:
        return connect(server, database)
    except psycopg.OperationalError:
        with closing(psycopg.connect(server.dsn(database), autocommit=True)) as plain:
            check(plain, server)
        raise


def both(server: Server, database: str) -> tuple[psycopg.Connection, psycopg.Connection]:
    """Two sessions of ours, opened at the same time; raises as `connected`."""
    with ThreadPoolExecutor(1) as aside:
        second = aside.submit(connect, server, database)
        try:
            return connected(server, database), second.result()
        except BaseException:
            with suppress(psycopg.Error):
                second.result().close()
            raise


def why_not(server: Server) -> str | None:
    """Why no delta can be had on this server; None where it can."""
    try:
        with closing(psycopg.connect(server.dsn(), autocommit=True, application_name="prodparity delta")) as connection:
            check(connection, server)
    except Untrackable as found:
        return found.why
    return None


def check(connection: psycopg.Connection, server: Server) -> None:
    """Raises Untrackable: version, rights, settings, free slots, modules."""
    external = "leave --parity-database out, or " if server.kind == "external" else ""
    if server.version < OLDEST:
        raise Untrackable(f"PostgreSQL {server.version // 10000} is older than 15", fix=f"{external}use 15 or later")
    row = connection.execute(
        "SELECT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),"
        " pg_catalog.current_setting('wal_level'), pg_catalog.current_setting('max_replication_slots')::int,"
        " (SELECT count(*) FROM pg_catalog.pg_replication_slots)"
    ).fetchone()
    assert row is not None
    superuser, level, slots, used = row
    if not superuser:
        raise Untrackable(
            f"{server.user!r} is not a superuser of {server.host}:{server.port}",
            fix=f'{external}as a superuser there: ALTER ROLE "{server.user}" SUPERUSER',
        )
    if level != "logical":
        raise Untrackable(
            f"wal_level is {level!r} on {server.host}:{server.port}",
            fix=f"{external}ALTER SYSTEM SET wal_level = logical there, and restart it",
        )
    if used >= slots:
        raise Untrackable(
            f"all {slots} replication slots of {server.host}:{server.port} are taken",
            fix=f"{external}raise max_replication_slots there, and restart it",
            passing=True,
        )
    try:
        connection.execute("LOAD '$libdir/pg_walinspect'")
        connection.execute("LOAD '$libdir/test_decoding'")
    except psycopg.errors.UndefinedFile as cause:
        raise Untrackable(
            f"{server.host}:{server.port} has no {'test_decoding' if 'decoding' in str(cause) else 'pg_walinspect'}",
            fix=f"{external}install postgresql-contrib there",
        ) from cause


def prepare(connection: psycopg.Connection) -> int:
    """Let every table write what the delta reads; how many had to be changed. Best done in a template, once.

    `connection` is a superuser's, in autocommit. Tables get REPLICA IDENTITY FULL, unlogged ones become logged.
    """
    rows = connection.execute(
        "SELECT r.oid::regclass::text, r.relpersistence = 'u', r.relreplident <> 'f', r.relkind"
        " FROM pg_catalog.pg_class r"
        " WHERE r.relkind IN ('r', 'S') AND r.relpersistence <> 't' AND r.oid >= 16384"
        " AND (r.relpersistence = 'u' OR r.relkind = 'r' AND r.relreplident <> 'f')"
        # A logged table may not refer to an unlogged one: those that are referred to come first.
        " ORDER BY (SELECT count(*) FROM pg_catalog.pg_constraint c WHERE c.contype = 'f' AND c.conrelid = r.oid), r.oid"
    ).fetchall()
    later = []
    for name, unlogged, partial, kind in rows:
        if unlogged:
            later.append((name, kind))
        if partial:
            connection.execute(sql.SQL("ALTER TABLE {} REPLICA IDENTITY FULL").format(sql.SQL(name)))
    while later:
        again = []
        for name, kind in later:
            what = sql.SQL("SEQUENCE" if kind == "S" else "TABLE")
            try:
                connection.execute(sql.SQL("ALTER {} {} SET LOGGED").format(what, sql.SQL(name)))
            except psycopg.errors.InvalidTableDefinition:
                again.append((name, kind))
        if len(again) == len(later):
            break  # what stays unlogged is noted by its shape
        later = again
    return len(rows)


def prepared(server: Server, database: str) -> None:
    """`prepare` at the end of a template's build; nothing where we may not."""
    if server.superuser:
        with closing(connect(server, database)) as connection:
            prepare(connection)


def published(connection: psycopg.Connection) -> None:
    """Raises Untrackable where a publication of the application would refuse updates under REPLICA IDENTITY FULL."""
    row = connection.execute(
        "SELECT p.schemaname || '.' || p.tablename FROM pg_catalog.pg_publication_tables p"
        " JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname"
        " JOIN pg_catalog.pg_class r ON r.relnamespace = n.oid AND r.relname = p.tablename"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attgenerated <> '' LIMIT 1"
    ).fetchone()
    if connection.info.server_version >= 180000 and row is not None:
        raise Untrackable(
            f"{row[0]} has generated columns and is in a publication, which would refuse its updates",
            fix="leave the publication out of the profile",
        )


def database(connection: psycopg.Connection) -> int:
    """The oid of the database that `connection` is in."""
    row = connection.execute(
        "SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])


def reader(connection: psycopg.Connection) -> None:
    """Give the session its reader of the write-ahead log."""
    connection.execute(READER)
