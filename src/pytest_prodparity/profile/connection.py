"""The one connection to production: opened with clear errors, read-only from its first statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from ..core.errors import ProdparityError, UsageError
from .address import Address

Connection = psycopg.Connection[DictRow]
OLDEST, NEWEST = 130000, 189999

_RIVALS = {
    "CockroachDB": "CockroachDB",
    "Redshift": "Amazon Redshift",
    "-YB-": "YugabyteDB",
    "Yugabyte": "YugabyteDB",
    "Greenplum": "Greenplum",
    "CrateDB": "CrateDB",
    "Materialize": "Materialize",
    "QuestDB": "QuestDB",
}


@contextmanager
def reading(address: Address, *, timeout: float) -> Iterator[Reading]:
    """Connect, check the engine, and give one READ ONLY, REPEATABLE READ transaction that ends in a rollback.

    `timeout` is for connecting and for each statement, in seconds. Raises UsageError (wrong user, password, host,
    database, engine) or ProdparityError (server unreachable, statement cancelled), without the password and without
    libpq's exception, whose traceback could hold it.
    """
    connection = _connect(address, timeout)
    try:
        with connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            with connection.transaction(force_rollback=True):
                _check_engine(connection)
                yield Reading(connection, timeout=timeout)
    except psycopg.Error as cause:
        happened, fix = _failure(cause)
        raise ProdparityError(address.scrub(f"Reading {address} failed: {happened}"), fix=fix) from None


class Reading:
    """What the parts of a capture share: the open transaction, the server's version, and the notes they leave."""

    def __init__(self, connection: Connection, *, timeout: float) -> None:
        self.connection = connection
        self.version = connection.info.server_version
        self.timeout = timeout
        self.notes: list[str] = []
        self.progress: Callable[[str], None] = lambda _step: None

    def rows(self, query: str, parameters: tuple[Any, ...] | None = None) -> list[DictRow]:
        """All rows of a query written in this package (never one with a name put into it)."""
        return self.connection.execute(query.encode(), parameters).fetchall()

    def composed(self, query: sql.Composed) -> list[DictRow]:
        """All rows of a query that names relations, through sql.Identifier."""
        return self.connection.execute(query).fetchall()

    def one(self, query: str, parameters: tuple[Any, ...] | None = None) -> DictRow:
        """The first row."""
        return self.rows(query, parameters)[0]

    def attempt(self, query: str | sql.Composed, parameters: tuple[Any, ...] | None = None) -> list[DictRow] | str:
        """The rows, or the server's reason where it refuses; the transaction goes on either way."""
        try:
            with self.connection.transaction():
                return self.connection.execute(
                    query if isinstance(query, sql.Composed) else query.encode(), parameters
                ).fetchall()
        except psycopg.Error as cause:
            if self.connection.closed or cause.sqlstate is None or cause.sqlstate.startswith("57P"):
                raise
            return cause.diag.message_primary or str(cause)

    def has(self, version: int) -> bool:
        """Is the server at least of this major version?"""
        return self.version >= version * 10000

    def prepare(self) -> None:
        """Fixed formats and timeouts, for this transaction only."""
        milliseconds = max(1, int(self.timeout * 1000))
        settings = {
            "statement_timeout": str(milliseconds),
            "lock_timeout": str(min(milliseconds, 5000)),
            "idle_in_transaction_session_timeout": "0",
            "DateStyle": "ISO, MDY",
            "IntervalStyle": "postgres",
            "TimeZone": "UTC",
            "extra_float_digits": "1",
            "bytea_output": "hex",
            "lc_monetary": "C",
            "search_path": "",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
            "row_security": "on",
        }
        for name, value in settings.items():
            self.rows("SELECT set_config(%s, %s, true)", (name, value))


def _connect(address: Address, timeout: float) -> Connection:
    parameters: dict[str, Any] = {
        "connect_timeout": str(max(2, int(min(timeout, 15)))),
        "application_name": "prodparity capture",
        **address.parameters,
        "client_encoding": "utf8",
    }
    try:
        return psycopg.connect("", autocommit=True, prepare_threshold=None, row_factory=dict_row, **parameters)
    except psycopg.Error as cause:
        said = address.scrub(str(cause))
    raise _refused(address, said) from None


def _refused(address: Address, said: str) -> ProdparityError:
    """Why no connection came about; `said` is libpq's text without the password."""
    plain = " ".join(re.sub(r"Multiple connection attempts failed.*?:|connection failed:", "", said).split())
    tried = f"Tried: {address}, as {address.user}"
    causes: list[tuple[str, type[ProdparityError], str, str]] = [
        (
            r"password authentication failed|no password supplied|28P01|SCRAM|pam authentication failed",
            UsageError,
            "The password was missing." if "no password supplied" in said else "User or password is wrong.",
            "set PGPASSWORD, put it into ~/.pgpass, or write postgresql://user:password@host/database "
            "(special characters percent-encoded)",
        ),
        (r"role \".*\" does not exist", UsageError, "The role does not exist.", "check the user name in the URL"),
        (r"database \".*\" does not exist", UsageError, "The database does not exist.", "check the URL's last part"),
        (
            r"translate host name|resolve host|Name or service not known|nodename nor servname|getaddrinfo",
            UsageError,
            "The host name is not known.",
            "check the URL's host, and whether a VPN is needed",
        ),
        (
            r"no pg_hba.conf entry|pg_hba.conf rejects",
            UsageError,
            f"The server lets nobody in this way: {plain}.",
            "ask for an entry in pg_hba.conf, or add ?sslmode=require to the URL",
        ),
        (
            r"SSL|certificate|TLS",
            UsageError,
            f"No encrypted connection came about: {plain}.",
            "check sslmode and sslrootcert in the URL",
        ),
        (r"definition of service|service file", UsageError, f"{plain}.", "check ~/.pg_service.conf or PGSERVICEFILE"),
        (
            r"too many clients|remaining connection slots|too many connections",
            ProdparityError,
            "The server has no connection left.",
            "try again, or use a role with a reserved connection",
        ),
        (
            r"Connection refused|timeout|timed out|No route|unreachable|No such file or directory",
            ProdparityError,
            f"No server answers: {plain}.",
            "check host and port, the firewall or VPN, and whether the server is up",
        ),
    ]
    for pattern, kind, happened, fix in causes:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(f"Could not connect to production. {happened}", tried=tried, fix=fix)
    return ProdparityError(f"Could not connect to production: {plain}.", tried=tried, fix="psql with the same URL")


def _check_engine(connection: Connection) -> None:
    row = connection.execute("SELECT version() AS version").fetchone()
    banner = str(row["version"]) if row else ""
    rival = next((name for sign, name in _RIVALS.items() if sign in banner), None)
    if rival or ("PostgreSQL" not in banner and "EnterpriseDB" not in banner):
        raise UsageError(
            f"The server is {rival or banner[:60]!r}, not PostgreSQL: its planner is another one.",
            fix="name a PostgreSQL of version 13 to 18 (Amazon RDS and Aurora, Cloud SQL, Azure, Supabase and Neon are)",
        )
    if not OLDEST <= connection.info.server_version <= NEWEST:
        raise UsageError(
            f"The server is PostgreSQL {connection.info.server_version // 10000}; capture reads 13 to 18.",
            fix="name a server of version 13 to 18",
        )


def _failure(cause: psycopg.Error) -> tuple[str, str]:
    said = (cause.diag.message_primary or " ".join(str(cause).split())).rstrip(".") + "."
    fixes = {
        "57014": "give it more time: --timeout 120",
        "55P03": "another session holds a lock, perhaps a migration: try again when it is done",
        "57P01": "the server was shut down or restarted, or an administrator ended the connection: try again",
        "40001": "a standby cancelled it: try again, or capture from the primary",
        "42501": "GRANT pg_read_all_data TO the role (PostgreSQL 14 and later), or SELECT on the schema's tables",
    }
    return said, fixes.get(cause.sqlstate or "", "try again; if it stays, capture from the primary, not through a pool")
