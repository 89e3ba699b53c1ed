"""Template databases: built once, cloned per test, shared by processes, whole or not there."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
SMALL = 10 << 20
"""Bytes up to which a template is copied through the WAL; above, its files are copied, with two checkpoints."""
SMALL_EXTERNAL = 64 << 20
"""The same on a server of the user's, whose checkpoints wait for its disk."""


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
        self._shares_blocks = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ensure(
        self, key: str, build: Callable[[str], str | None], *, waiting: Callable[[float], None] | None = None
    ) -> str:
        """The name of the template of `key`; where there is none, `build` gets the owner's DSN to an empty database.

        One process builds, others wait for it; `waiting` is told the seconds, again and again. What `build` raises is
        passed on, and nothing is left behind. What it returns is kept as the template's label.
        """
        digest = _digest(key)
        template, building = f"prodparity_template_{digest}", f"prodparity_building_{digest}"
        connection = self._connection()
        if not self._exists(template):
            with self._locked(digest, waiting):
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

    def find(self, key: str) -> str | None:
        """The name of the template of `key`, where it is there."""
        template = f"prodparity_template_{_digest(key)}"
        return template if self._exists(template) else None

    def label(self, template: str) -> str:
        """What the template's `build` returned; empty where it returned nothing."""
        return _said(self._comment(template))[1]

    def size(self, template: str) -> int:
        """Bytes on the server's disk."""
        row = self._connection().execute("SELECT pg_catalog.pg_database_size(%s)", [template]).fetchone()
        assert row is not None
        return int(row[0])

    def clone(self, template: str, *, search_path: str | None = None) -> str:
        """A new database, equal to the template, for this process alone.

        `search_path`, as SHOW prints it: a database's own settings are not copied with it.
        """
        connection = self._connection()
        while True:
            self._count += 1
            name = f"parity_{self._run}_{self._count}"
            try:
                self._copy(template, name)
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
                    fix="free some space (prodparity cache prune, prodparity doctor --fix)",
                ) from cause
            self._mine.add(name)
            if search_path not in (None, '"$user", public'):
                connection.execute("SELECT set_config('search_path', %s, false)", [search_path])
                connection.execute(
                    sql.SQL("ALTER DATABASE {} SET search_path FROM CURRENT").format(sql.Identifier(name))
                )
                connection.execute("RESET search_path")
            return name

    def _copy(self, template: str, name: str) -> None:
        connection = self._connection()
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} {}").format(
            sql.Identifier(name),
            sql.Identifier(template),
            sql.Identifier(roles.login(self.server).user),
            self._strategy(template),
        )
        if not self._shares_blocks:
            connection.execute(statement)
            return
        try:
            connection.execute(statement)
        except (psycopg.errors.InternalError_, psycopg.errors.SystemError, psycopg.errors.FeatureNotSupported):
            # Not every file system can: then the server copies as it always did.
            self._shares_blocks = False
            connection.execute("RESET file_copy_method")
            connection.execute(statement)

    def end_sessions(self, database: str) -> None:
        """End whoever is connected to it."""
        self._connection().execute(
            "SELECT pg_catalog.pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity WHERE datname = %s",
            [database],
        )

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
        for name in sorted(self._mine):
            with suppress(psycopg.Error):
                drop(connection, name)
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
        with suppress(psycopg.errors.InvalidParameterValue, psycopg.errors.UndefinedObject):
            if self.server.version >= 180000:
                # Copy on write, where the file system has it; a copy inside the kernel elsewhere.
                self._open.execute("SET file_copy_method = clone")
                self._shares_blocks = True
        if not self._swept:
            # Once: after the server was killed, others of this run may not have their lock back yet.
            self._swept = True
            self.sweep()
        return self._open

    @contextmanager
    def _locked(self, digest: str, waiting: Callable[[float], None] | None = None) -> Iterator[None]:
        """Alone among all processes that build this template."""
        connection, number = self._connection(), _number(digest)
        began = time.monotonic()
        while not _try(connection, number):
            if waiting is not None:
                waiting(time.monotonic() - began)
            time.sleep(0.02)
        try:
            yield
        finally:
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s, %s)", [LOCKS, number])

    def _build(self, name: str, build: Callable[[str], str | None]) -> None:
        connection = self._connection()
        self._drop(name)
        who = roles.login(self.server)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {} {}").format(
                sql.Identifier(name), sql.Identifier(who.user), self._how("wal_log")
            )
        )
        try:
            label = build(self.server.dsn(name, user=who.user, password=who.password))
            self._note(name, label or "")
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
            small = SMALL_EXTERNAL if self.server.kind == "external" else SMALL
            self._strategies[template] = self._how("wal_log" if self.size(template) <= small else "file_copy")
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
        used, label = _said(self._comment(template))
        if time.time() - used >= 3600:
            with suppress(
                psycopg.errors.InternalError_, psycopg.errors.InvalidCatalogName
            ):  # another process was faster
                self._note(template, label)

    def _comment(self, name: str) -> str | None:
        query = "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database WHERE datname = %s"
        row = self._connection().execute(query, [name]).fetchone()
        return row[0] if row else None

    def _note(self, name: str, label: str) -> None:
        said = f"prodparity, last used {int(time.time())}" + (f"\n{label}" if label else "")
        self._connection().execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(said))
        )

    def _prune(self, current: str) -> None:
        """Remove the templates used longest ago, but none of the last hour: a run may be about to clone it."""
        query = (
            "SELECT datname, pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database"
            " WHERE datistemplate AND pg_catalog.pg_get_userbyid(datdba) = %s"
        )
        rows = self._connection().execute(query, [roles.login(self.server).user]).fetchall()
        others = [(_said(said)[0], name) for name, said in rows if KEPT.fullmatch(name) and name != current]
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


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _said(comment: str | None) -> tuple[int, str]:
    """A template's comment: the hour of its last use, and its label."""
    found = re.fullmatch(r"prodparity, last used (\d+)(?:\n(.*))?", comment or "", re.DOTALL)
    return (int(found[1]), found[2] or "") if found else (0, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A template as it lies on a server."""

    name: str
    """The database."""
    used: int
    """Seconds since 1970, exact to the hour."""
    label: str
    size: int

    @property
    def short(self) -> str:
        """The name without what all have in common."""
        return self.name.rpartition("_")[2]


def kept(connection: psycopg.Connection, owner: str) -> list[Kept]:
    """All whole templates of `owner`, the ones used last first."""
    rows = connection.execute(
        "SELECT datname, pg_catalog.shobj_description(oid, 'pg_database'), pg_catalog.pg_database_size(oid)"
        " FROM pg_catalog.pg_database WHERE datistemplate AND pg_catalog.pg_get_userbyid(datdba) = %s",
        [owner],
    ).fetchall()
    found = [
        Kept(name=name, used=_said(said)[0], label=_said(said)[1], size=size)
        for name, said, size in rows
        if KEPT.fullmatch(name)
    ]
    return sorted(found, key=lambda one: (-one.used, one.name))
