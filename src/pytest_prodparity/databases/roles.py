"""The roles that own test databases and that tests connect as: never a superuser, as in production."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from .account import Account
from .cache import cache, secret
from .provider import Server

APPLICATION = "parity"
"""Owns each test database and everything in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A role and its password; the password is never shown."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


def login(setting: str) -> Login:
    """Who tests connect as, known before any server runs: on an external server the user of its URL, else `parity`.

    The password follows from the cache's secret: every process of this user knows it, and nobody else.
    """
    if "://" in setting:
        from .external import parse

        address = parse(setting)
        return Login(user=address.user, password=address.password)
    root = cache(Account.current()).root
    return Login(user=APPLICATION, password=hmac.new(secret(root), APPLICATION.encode(), "sha256").hexdigest()[:32])


def login_on(server: Server) -> Login:
    """The same, of a running server."""
    if server.kind == "external":
        return Login(user=server.user, password=server.password)
    return login("auto")


def ensure(connection: psycopg.Connection, server: Server) -> Login:
    """Make the role, with its password; `connection` is the server's own user, in autocommit."""
    who = login_on(server)
    if server.kind == "external":
        return who
    found = connection.execute("SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = %s", [who.user]).fetchone()
    if found is None:
        _create(connection, who.user, " LOGIN PASSWORD {}", _encrypted(connection, who))
    elif not _matches(found[0], who.password):
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(who.user), _encrypted(connection, who))
        )
    return who


def _encrypted(connection: psycopg.Connection, who: Login) -> sql.Literal:
    """Encrypted here: a password must not be seen in pg_stat_activity or a log."""
    made = connection.pgconn.encrypt_password(who.password.encode(), who.user.encode(), b"scram-sha-256")
    return sql.Literal(made.decode())


def _matches(verifier: str | None, password: str) -> bool:
    """Was `verifier` made of this password? RFC 5803: SCRAM-SHA-256$rounds:salt$stored key:server key."""
    found = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):.*", verifier or "")
    if found is None:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(found[2]), int(found[1]))
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
