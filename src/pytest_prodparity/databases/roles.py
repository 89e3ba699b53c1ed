"""The roles that own test databases and that tests connect as: never a superuser, as in production."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from .account import Account
from .cache import cache, secret
from .external import parse
from .provider import Server

APPLICATION = "parity"
"""Owns each test database and everything in it."""
DEADLOCK = "deadlock_timeout"


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A role and its password; the password is never shown."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


def login(server: Server) -> Login:
    """Who tests connect as on this server: the user of an external server's URL, else a role without any special right."""
    return Login(user=server.user, password=server.password) if server.kind == "external" else application()


def application(setting: str = "auto") -> Login:
    """Who tests connect as under a database setting, known before any server runs: a URL's user, else our own role.

    The password of our own follows from this machine's secret.
    """
    if "://" in setting:
        address = parse(setting)
        return Login(user=address.user, password=address.password)
    return named(APPLICATION)


def named(user: str) -> Login:
    """A role of ours of that name."""
    key = secret(cache(Account.current()).root)
    mixed = hmac.new(key.encode(), f"role\x1f{user}".encode(), hashlib.sha256)
    return Login(user=user, password=mixed.hexdigest()[:32])


def ensure(connection: psycopg.Connection, server: Server) -> Login:
    """Make the role where it is missing, with today's password; `connection` is a superuser's, in autocommit."""
    who = login(server)
    if server.kind == "external":
        return who
    ensure_login(connection, who)
    return who


def ensure_login(connection: psycopg.Connection, who: Login) -> None:
    """Make one role that may log in, or let it; `connection` is a superuser's, in autocommit."""
    # Encrypted here: a password must not be seen in pg_stat_activity or a log.
    verifier = connection.pgconn.encrypt_password(who.password.encode(), who.user.encode(), b"scram-sha-256").decode()
    if not _exists(connection, who.user):
        _create(connection, who.user, " LOGIN PASSWORD {}", sql.Literal(verifier))
    elif not _matches(connection, who):
        statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(who.user), sql.Literal(verifier))
        with suppress(psycopg.errors.InternalError_):  # another process does the same
            connection.execute(statement)
    if connection.info.server_version >= 150000:
        _let_set(connection, who.user)


def _let_set(connection: psycopg.Connection, user: str) -> None:
    """What concurrent tests set for themselves: deadlocks of theirs are to end at once."""
    asked = "SELECT pg_catalog.has_parameter_privilege(%s, %s, 'SET')"
    row = connection.execute(asked, [user, DEADLOCK]).fetchone()
    if row is not None and not row[0]:
        statement = sql.SQL("GRANT SET ON PARAMETER {} TO {}").format(sql.Identifier(DEADLOCK), sql.Identifier(user))
        with suppress(psycopg.errors.InternalError_):  # another process does the same
            connection.execute(statement)


def _matches(connection: psycopg.Connection, who: Login) -> bool:
    """Is the role's password the one that we know? By RFC 5803: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`."""
    row = connection.execute("SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = %s", [who.user]).fetchone()
    found = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):.+", row[0] or "") if row else None
    if found is None:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", who.password.encode(), base64.b64decode(found[2]), int(found[1]))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return hmac.compare_digest(stored, base64.b64decode(found[3]))


def ensure_named(connection: psycopg.Connection, names: list[str]) -> None:
    """Make roles that a schema mentions: they may not log in and have no right of their own."""
    for name in names:
        if not name.startswith("pg_") and not _exists(connection, name):
            _create(connection, name, " NOLOGIN")


def _exists(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", [name]).fetchone() is not None


def _create(connection: psycopg.Connection, name: str, rest: LiteralString, *values: sql.Composable) -> None:
    statement = sql.SQL("CREATE ROLE {}" + rest).format(sql.Identifier(name), *values)
    try:
        connection.execute(statement)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # another process was faster
