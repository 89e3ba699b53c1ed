"""Copies of a template: made, made beforehand, and taken.

A *ready copy* was made while nobody waited for it. To take one is to rename it, which costs a millisecond at any size. It is
whole as soon as it can be seen: CREATE DATABASE is one transaction, whoever was killed meanwhile.
"""

from __future__ import annotations

import secrets
import time
from contextlib import closing, suppress

import psycopg
from psycopg import sql

from . import kept, roles, room
from .provider import Server

SMALL = 10 << 20
"""Bytes up to which a template is copied through the WAL; above, its files are copied, with two checkpoints."""
SMALL_EXTERNAL = 64 << 20
"""The same on a server of the user's, whose checkpoints wait for its disk."""
LARGE = 64 << 20
"""Bytes from which a copy takes so long that one is made beforehand."""
IDLE = 86400
"""Seconds after which ready copies are not worth their room any more."""
SPARE_ROOM = 1 << 30
"""Bytes that stay free beside another copy of the template when a ready one is made."""


def connect(server: Server, name: str) -> psycopg.Connection:
    """To `postgres`, in autocommit; files are copied as cheaply as the server can."""
    connection = psycopg.connect(server.dsn(), autocommit=True, application_name=name, options="-c statement_timeout=0")
    with suppress(psycopg.errors.InvalidParameterValue, psycopg.errors.UndefinedObject):
        if server.version >= 180000:
            # Copy on write, where the file system has it; a copy inside the kernel elsewhere.
            connection.execute("SET file_copy_method = clone")
    return connection


def copy(
    connection: psycopg.Connection, server: Server, template: str, name: str, *, by_files: bool, allow: bool = True
) -> None:
    """A copy under that name, owned by whom tests connect as; nobody can connect to it unless `allow`."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} ALLOW_CONNECTIONS {} {}").format(
        sql.Identifier(name),
        sql.Identifier(template),
        sql.Identifier(roles.login(server).user),
        sql.Literal(allow),
        strategy(server, by_files=by_files),
    )
    try:
        connection.execute(statement)
    except (psycopg.errors.InternalError_, psycopg.errors.SystemError, psycopg.errors.FeatureNotSupported):
        if server.version < 180000:
            raise
        # Not every file system can: then the server copies as it always did.
        connection.execute("RESET file_copy_method")
        connection.execute(statement)


def strategy(server: Server, *, by_files: bool) -> sql.SQL:
    """How a database is copied, as CREATE DATABASE has it."""
    if server.version < 150000:
        return sql.SQL("")
    return sql.SQL("STRATEGY file_copy") if by_files else sql.SQL("STRATEGY wal_log")


def by_files(server: Server, size: int) -> bool:
    """Is a template of so many bytes copied faster by its files?"""
    return size > (SMALL_EXTERNAL if server.kind == "external" else SMALL)


def take(connection: psycopg.Connection, template: str, name: str) -> bool:
    """Make a ready copy the database `name`; false where there is none. Of two processes at one copy, one gets it."""
    for copy in kept.ready(connection, template):
        # Connected to, or dropped with its template, or another process was faster.
        with suppress(psycopg.errors.InvalidCatalogName, psycopg.errors.ObjectInUse):
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(copy), sql.Identifier(name))
            )
            connection.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
            return True
    return False


def make_ready(server: Server, template: str, copies: int) -> int:
    """See that there are as many ready copies of a large template, one process at a time; how many were made.

    On a connection of its own. None are made of a small template, where the disk has no room for them, or where nobody can
    tell. Those that nobody took for a day are dropped: beyond `copies`, and of other templates. What the server refuses is
    nothing worse than no ready copy.
    """
    match = kept.KEPT.fullmatch(template)
    if match is None:
        return 0
    made = 0
    with (
        closing(connect(server, "prodparity, ready copies")) as connection,
        kept.alone(connection, f"ready {match[1]}"),
        suppress(psycopg.Error),  # the template is dropped meanwhile, others fill the disk, the server is gone
    ):
        _drop_idle(connection, server, but=template)
        there = kept.ready(connection, template)
        _drop_surplus(connection, there, copies)
        while len(there) + made < copies and _worth_it(connection, server, template):
            name = f"prodparity_ready_{match[1]}_{int(time.time()):08x}_{secrets.token_hex(2)}"
            copy(connection, server, template, name, by_files=True, allow=False)
            made += 1
    return made


def _worth_it(connection: psycopg.Connection, server: Server, template: str) -> bool:
    size = size_of(connection, template)
    if size < LARGE:
        return False
    free = room.free(server, connection)
    return free is not None and free >= 2 * size + SPARE_ROOM


def size_of(connection: psycopg.Connection, database: str) -> int:
    """Bytes on the server's disk; 0 of a database that is not there, or that another process is dropping."""
    query = "SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database WHERE datname = %s"
    try:
        row = connection.execute(query, [database]).fetchone()
    except psycopg.errors.InvalidCatalogName:
        return 0
    return int(row[0] or 0) if row is not None else 0


def _drop_idle(connection: psycopg.Connection, server: Server, *, but: str) -> None:
    for one in kept.kept(connection, roles.login(server).user):
        if one.ready and one.name != but and time.time() - one.used > IDLE:
            drop_ready(connection, one.name)


def drop_ready(connection: psycopg.Connection, template: str) -> None:
    """All ready copies of it."""
    for name in kept.ready(connection, template):
        kept.drop(connection, name)


def _drop_surplus(connection: psycopg.Connection, there: list[str], copies: int) -> None:
    for name in there[: max(0, len(there) - copies)]:
        match = kept.READY.fullmatch(name)
        if match and time.time() - int(match[2], 16) > IDLE:
            kept.drop(connection, name)
            there.remove(name)
