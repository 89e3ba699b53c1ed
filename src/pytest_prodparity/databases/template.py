"""Template databases: built once, cloned per test, shared by processes, whole or not there."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from . import roles
from .provider import Server

CLONE = re.compile(r"parity_([0-9a-f]{8})_\d+")
BUILDING = re.compile(r"prodparity_building_([0-9a-f]{16})")
KEPT = re.compile(r"prodparity_template_([0-9a-f]{16})")
LOCKS = 1886544500
"""The class of our advisory locks, all taken in the database `postgres`."""
SMALL = 64 << 20
"""Bytes up to which a template is copied through the WAL; above, its files are copied."""


class Templates:
    """The template databases of one server, and this process's clones of them.

    A connection to `postgres` is held for life, and on it a lock: whose lock is gone is dead, and its clones are swept
    by the next that comes. `run` is shown in pg_stat_activity. `keep`: how many templates stay.
    """

    def __init__(self, server: Server, *, run: str | None = None, keep: int = 8) -> None:
        self.server = server
        self._run = secrets.token_hex(4)
        self._name = f"prodparity {run}" if run else "prodparity"
        self._keep = keep
        self._count = 0
        self._mine: set[str] = set()
        self._strategies: dict[str, sql.SQL] = {}
        self._open: psycopg.Connection | None = None
        self._swept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ensure(self, key: str, build: Callable[[str], None]) -> str:
        """The name of the template of `key`; where there is none, `build` gets the owner's DSN to an empty database.

        One process builds, others wait for it. What `build` raises is passed on, and nothing is left behind.
        """
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        template, building = f"prodparity_template_{digest}", f"prodparity_building_{digest}"
        connection = self._connection()
        if not self._exists(template):
            with self._locked(digest):
                if not self._exists(template):
                    self._build(building, build)
                    connection.execute(
                        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                            sql.Identifier(building), sql.Identifier(template)
                        )
                    )
                    self._prune(template)
        self._used(template)
        return template

    def clone(self, template: str, *, search_path: str | None = None) -> str:
        """A new database, equal to the template, for this process alone.

        `search_path`, as SHOW prints it: a database's own settings are not copied with it.
        """
        connection = self._connection()
        while True:
            self._count += 1
            name = f"parity_{self._run}_{self._count}"
            try:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} {}").format(
                        sql.Identifier(name),
                        sql.Identifier(template),
                        sql.Identifier(roles.login(self.server).user),
                        self._strategy(template),
                    )
                )
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                continue
            except (psycopg.errors.UndefinedFile, psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted) as cause:
                self._forget(template)
                raise ProdparityError(
                    f"The kept template {template} was damaged, and has been thrown away: {cause.diag.message_primary}.",
                    fix="run again; it is built anew",
                ) from cause
            except psycopg.errors.DiskFull as cause:
                raise ProdparityError(
                    f"No space left for a copy of {template}: {cause.diag.message_primary}.",
                    fix="free some space (prodparity doctor --fix)",
                ) from cause
            self._mine.add(name)
            if search_path not in (None, '"$user", public'):
                connection.execute("SELECT set_config('search_path', %s, false)", [search_path])
                connection.execute(
                    sql.SQL("ALTER DATABASE {} SET search_path FROM CURRENT").format(sql.Identifier(name))
                )
                connection.execute("RESET search_path")
            return name

    def drop(self, database: str) -> None:
        """Remove a clone, whoever is connected to it."""
        self._drop(database)
        self._mine.discard(database)

    def sweep(self) -> list[str]:
        """Remove the clones and half-built templates of processes that are dead; their names."""
        swept = []
        for name in stale(self._connection(), own=self._run):
            self._drop(name)
            swept.append(name)
        return swept

    def close(self) -> None:
        """Drop this process's clones and let go. Never raises."""
        connection, self._open = self._open, None
        if connection is None:
            return
        with suppress(psycopg.Error):
            for name in sorted(self._mine):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            self._mine.clear()
        connection.close()

    def _connection(self) -> psycopg.Connection:
        if self._open is not None and not self._open.closed:
            return self._open
        self._open = psycopg.connect(
            self.server.dsn(), autocommit=True, application_name=self._name, options="-c statement_timeout=0"
        )
        self._open.execute("SELECT pg_catalog.pg_advisory_lock_shared(%s, %s)", [LOCKS, _number(self._run)])
        roles.ensure(self._open, self.server)
        if not self._swept:
            # Once: after the server was killed, others of this run may not have their lock back yet.
            self._swept = True
            self.sweep()
        return self._open

    @contextmanager
    def _locked(self, digest: str) -> Iterator[None]:
        """Alone among all processes that build this template."""
        connection, number = self._connection(), _number(digest)
        while not _try(connection, number):
            time.sleep(0.02)
        try:
            yield
        finally:
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s, %s)", [LOCKS, number])

    def _build(self, name: str, build: Callable[[str], None]) -> None:
        connection = self._connection()
        self._drop(name)
        who = roles.login(self.server)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {} {}").format(
                sql.Identifier(name), sql.Identifier(who.user), self._how("wal_log")
            )
        )
        try:
            build(self.server.dsn(name, user=who.user, password=who.password))
            # Nobody may stay connected, or come: a template in use cannot be cloned.
            connection.execute(
                sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false").format(sql.Identifier(name))
            )
            connection.execute(
                "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = %s",
                [name],
            )
        except BaseException:
            with suppress(psycopg.Error):
                self._drop(name)
            raise

    def _strategy(self, template: str) -> sql.SQL:
        if template not in self._strategies:
            row = self._connection().execute("SELECT pg_catalog.pg_database_size(%s)", [template]).fetchone()
            assert row is not None
            self._strategies[template] = self._how("wal_log" if row[0] <= SMALL else "file_copy")
        return self._strategies[template]

    def _how(self, strategy: str) -> sql.SQL:
        if self.server.version < 150000:
            return sql.SQL("")
        return sql.SQL("STRATEGY wal_log") if strategy == "wal_log" else sql.SQL("STRATEGY file_copy")

    def _exists(self, template: str) -> bool:
        query = "SELECT FROM pg_catalog.pg_database WHERE datname = %s AND datistemplate"
        return self._connection().execute(query, [template]).fetchone() is not None

    def _used(self, template: str) -> None:
        """Note the hour of use, at most once an hour."""
        query = "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database WHERE datname = %s"
        row = self._connection().execute(query, [template]).fetchone()
        now = int(time.time())
        if row is not None and now - _hour(row[0]) >= 3600:
            with suppress(
                psycopg.errors.InternalError_, psycopg.errors.InvalidCatalogName
            ):  # another process was faster
                self._connection().execute(
                    sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                        sql.Identifier(template), sql.Literal(f"prodparity, last used {now}")
                    )
                )

    def _prune(self, current: str) -> None:
        """Remove the templates used longest ago, but none of the last hour: a run may be about to clone it."""
        query = (
            "SELECT datname, pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database"
            " WHERE datistemplate AND pg_catalog.pg_get_userbyid(datdba) = %s"
        )
        rows = self._connection().execute(query, [roles.login(self.server).user]).fetchall()
        others = [(_hour(said), name) for name, said in rows if KEPT.fullmatch(name) and name != current]
        for used, name in sorted(others, reverse=True)[max(self._keep - 1, 0) :]:
            if time.time() - used > 3600:
                with suppress(psycopg.Error):
                    self._forget(name)

    def _forget(self, template: str) -> None:
        self._strategies.pop(template, None)
        self._drop(template)

    def _drop(self, name: str) -> None:
        drop(self._connection(), name)


def drop(connection: psycopg.Connection, name: str) -> None:
    """Drop a database, template or not, whoever is connected to it or follows its changes."""
    deadline = time.monotonic() + 10
    with suppress(psycopg.errors.InvalidCatalogName):
        if not CLONE.fullmatch(name):
            connection.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(sql.Identifier(name)))
        while True:
            try:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
                return
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
            # FORCE does not end a session that holds a replication slot.
            connection.execute(
                "SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots"
                " WHERE database = %s AND active_pid IS NOT NULL",
                [name],
            )
            time.sleep(0.005)


def stale(connection: psycopg.Connection, *, own: str | None = None) -> list[str]:
    """Databases of ours whose process is dead, and half-dropped ones. `connection` is to `postgres`, in autocommit."""
    found = []
    rows = connection.execute("SELECT datname FROM pg_catalog.pg_database ORDER BY oid").fetchall()
    locked: dict[str, bool] = {}
    for (name,) in rows:
        match = CLONE.fullmatch(name) or BUILDING.fullmatch(name)
        if match is None or match[1] == own:
            continue
        number = _number(match[1])
        if match[1] not in locked:
            locked[match[1]] = not _try(connection, number)
            if not locked[match[1]]:
                connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s, %s)", [LOCKS, number])
        if not locked[match[1]]:
            found.append(name)
    return found


def _try(connection: psycopg.Connection, number: int) -> bool:
    row = connection.execute("SELECT pg_catalog.pg_try_advisory_lock(%s, %s)", [LOCKS, number]).fetchone()
    return row is not None and bool(row[0])


def _number(text: str) -> int:
    """A lock's number: 31 bits of the name's hash."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def _hour(comment: str | None) -> int:
    found = re.fullmatch(r"prodparity, last used (\d+)", comment or "")
    return int(found[1]) if found else 0
