"""Template databases: built once, cloned per test, shared by processes, whole or not there."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from . import copying, kept, roles
from .provider import Server


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
        self._sizes: dict[str, int] = {}
        self._open: psycopg.Connection | None = None
        self._swept = False
        self._setting = threading.Lock()
        """Held while the connection's own search_path is another; clones are made in several threads."""
        self.wanting: set[str] = set()
        """Large templates that this process has copied: who comes next is glad of a ready copy."""
        self.left: list[str] = []
        """Large databases of the dead, found at the start and not removed yet, because that takes long."""

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
        template = self._named(key)
        digest = template.rpartition("_")[2]
        connection = self._connection()
        if not self._exists(template):
            with kept.alone(connection, digest, waiting):
                if not self._exists(template):
                    self._build(f"prodparity_building_{digest}", template, build)
                    self._prune(template)
        self._used(template)
        return template

    def find(self, key: str) -> str | None:
        """The name of the template of `key`, where it is there."""
        template = self._named(key)
        return template if self._exists(template) else None

    def label(self, template: str) -> str:
        """What the template's `build` returned; empty where it returned nothing."""
        return kept.parsed(self._comment(template))[1]

    def size(self, template: str) -> int:
        """Bytes on the server's disk."""
        return copying.size_of(self._connection(), template)

    def ready(self, template: str, copies: int = 1) -> int:
        """See that so many copies of a large template are ready to be taken; how many were made.

        On a connection of its own, in whatever thread. None where the server's disk has no room, or nobody can tell.
        """
        return copying.make_ready(self.server, template, copies)

    def reclaim(self) -> int:
        """Drop all ready copies, of whatever template: the disk is needed. How many there were."""
        connection = self._connection()
        there = [one for one in kept.kept(connection, roles.login(self.server).user) if one.ready]
        for one in there:
            copying.drop_ready(connection, one.name)
        return sum(one.ready for one in there)

    def clone(self, template: str, *, search_path: str | None = None) -> str:
        """A new database, equal to the template, for this process alone: a ready copy where there is one.

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
                with self._setting:
                    connection.execute("SELECT set_config('search_path', %s, false)", [search_path])
                    connection.execute(
                        sql.SQL("ALTER DATABASE {} SET search_path FROM CURRENT").format(sql.Identifier(name))
                    )
                    connection.execute("RESET search_path")
            return name

    def _copy(self, template: str, name: str) -> None:
        connection = self._connection()
        if template not in self._sizes:
            self._sizes[template] = self.size(template)
        size = self._sizes[template]
        if size >= copying.LARGE and kept.KEPT.fullmatch(template):
            self.wanting.add(template)
            if copying.take(connection, template, name):
                return
        try:
            copying.copy(connection, self.server, template, name, by_files=copying.by_files(self.server, size))
        except psycopg.errors.DiskFull:
            if not self.reclaim():
                raise
            copying.copy(connection, self.server, template, name, by_files=copying.by_files(self.server, size))

    def end_sessions(self, database: str) -> None:
        """End whoever is connected to it."""
        self._connection().execute(
            "SELECT pg_catalog.pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity WHERE datname = %s",
            [database],
        )

    def drop(self, database: str) -> None:
        """Remove a clone, or a template with its ready copies, whoever is connected."""
        kept.drop(self._connection(), database)
        self._mine.discard(database)

    def sweep(self) -> list[str]:
        """Remove what dead processes left: clones, half-built templates, copies of no template. Their names."""
        return self._sweep(large=True)

    def _sweep(self, *, large: bool) -> list[str]:
        connection = self._connection()
        swept: list[str] = []
        self.left = []
        for name in kept.stale(connection, own=self._run):
            with suppress(psycopg.errors.InvalidCatalogName):  # another process removes it
                if not large and copying.size_of(connection, name) >= copying.LARGE:
                    self.left.append(name)
                    continue
            kept.drop(connection, name)
            swept.append(name)
        return swept

    def close(self, *, leave_large: bool = False) -> None:
        """Drop this process's clones and let go; large ones may be left to who sweeps next. Never raises."""
        connection, self._open = self._open, None
        if connection is None:
            return
        for name in sorted(self._mine):
            with suppress(psycopg.Error):
                if not (leave_large and copying.size_of(connection, name) >= copying.LARGE):
                    kept.drop(connection, name)
        self._mine.clear()
        connection.close()

    def _connection(self) -> psycopg.Connection:
        if self._open is not None and not self._open.closed:
            return self._open
        self._open = copying.connect(self.server, self._name)
        self._open.execute("SELECT pg_catalog.pg_advisory_lock_shared(%s, %s)", [kept.LOCKS, kept.number_of(self._run)])
        roles.ensure(self._open, self.server)
        if not self._swept:
            # Once: after the server was killed, others of this run may not have their lock back yet.
            self._swept = True
            self._sweep(large=False)
        return self._open

    def _named(self, key: str) -> str:
        """The template's name. On a server of the user's it is that user's: another may not own what is in it."""
        owner = f"\x1f{self.server.user}" if self.server.kind == "external" else ""
        return f"prodparity_template_{hashlib.sha256(f'{key}{owner}'.encode()).hexdigest()[:16]}"

    def _build(self, name: str, template: str, build: Callable[[str], str | None]) -> None:
        connection = self._connection()
        # The dead may have what this one needs: the name, and the disk.
        copying.drop_ready(connection, template)
        for old in (name, *self.left):
            kept.drop(connection, old)
        self.left.clear()
        who = roles.login(self.server)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {} {}").format(
                sql.Identifier(name), sql.Identifier(who.user), copying.strategy(self.server, by_files=False)
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
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        except BaseException:
            with suppress(psycopg.Error):
                kept.drop(connection, name)
            raise

    def _exists(self, template: str) -> bool:
        query = "SELECT FROM pg_catalog.pg_database WHERE datname = %s AND datistemplate"
        return self._connection().execute(query, [template]).fetchone() is not None

    def _used(self, template: str) -> None:
        """Note the hour of use, at most once an hour."""
        used, label = kept.parsed(self._comment(template))
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
        self._connection().execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(kept.comment(label)))
        )

    def _prune(self, current: str) -> None:
        """Remove the templates used longest ago, but none of the last hour: a run may be about to clone it."""
        found = kept.kept(self._connection(), roles.login(self.server).user)
        others = [one for one in found if one.name != current]
        for one in others[max(self._keep - 1, 0) :]:
            if time.time() - one.used > 3600:
                with suppress(psycopg.Error):
                    self._forget(one.name)

    def _forget(self, template: str) -> None:
        self._sizes.pop(template, None)
        kept.drop(self._connection(), template)
