"""The roles that own test databases and that tests connect as: never a superuser, as in production."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

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


def login(server: Server) -> Login:
    """Who tests connect as on this server.

    Where we are the superuser: a role of our own, without any special right. On an external server: the user of its URL.
    The password follows from the server's own, so that every process of a run knows it and no file holds it.
    """
    if not server.superuser:
        return Login(user=server.user, password=server.password)
    mixed = hmac.new(server.password.encode(), f"role\x1f{APPLICATION}".encode(), hashlib.sha256)
    return Login(user=APPLICATION, password=mixed.hexdigest()[:32])


def ensure(connection: psycopg.Connection, server: Server) -> Login:
    """Make the role where it is missing; `connection` is the server's own user, in autocommit."""
    who = login(server)
    if server.superuser and not _exists(connection, who.user):
        # Encrypted here: a password must not be seen in pg_stat_activity or a log.
        secret = connection.pgconn.encrypt_password(who.password.encode(), who.user.encode(), b"scram-sha-256").decode()
        _create(connection, who.user, " LOGIN PASSWORD {}", sql.Literal(secret))
    return who


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
