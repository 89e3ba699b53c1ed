"""Nothing may be under way while a state is judged: open transactions, prepared ones and advisory locks are ended."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ...core.errors import ProdparityError

LINGER = 0.05
"""Seconds in which a connection that was closed with its transaction open may still go by itself."""
PATIENCE = 10.0
"""Seconds for a backend to end."""

UNDER_WAY = """
SELECT a.pid, CASE WHEN a.state LIKE 'idle in%%' THEN 'open transaction' ELSE 'running statement' END AS what,
  coalesce(a.application_name, '') AS name, coalesce(a.client_port, 0) AS port
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend' AND a.state <> 'idle'
  AND a.pid <> ALL (%(spare)s::int[])
UNION ALL
SELECT l.pid, 'advisory lock', '', 0 FROM pg_catalog.pg_locks l
WHERE l.locktype = 'advisory' AND l.pid <> ALL (%(spare)s::int[])
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
UNION ALL
SELECT 0, 'prepared transaction', gid, 0 FROM pg_catalog.pg_prepared_xacts
WHERE database = pg_catalog.current_database()
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leak:
    """What a test left under way."""

    pid: int
    """Of the backend, which was ended; 0 for a prepared transaction, which was rolled back."""
    what: str
    """`open transaction`, `running statement`, `advisory lock` or `prepared transaction`."""
    name: str = ""
    """The connection's application_name, or the prepared transaction's identifier."""
    port: int = 0
    """The client's port of the connection."""

    def __str__(self) -> str:
        who = f" {self.name!r}" if self.name else ""
        return f"{self.what}{who}" + (f" (pid {self.pid})" if self.pid else "")


def look(connection: psycopg.Connection, spare: Collection[int]) -> list[Leak]:
    """What is under way in this database, except in the backends `spare`."""
    rows = connection.execute(UNDER_WAY, {"spare": list(spare)}, prepare=True).fetchall()
    return [Leak(pid=pid, what=what, name=name, port=port) for pid, what, name, port in rows]


def clear(connection: psycopg.Connection, spare: Collection[int], found: list[Leak]) -> list[Leak]:
    """End what `look` found, and whatever comes meanwhile; what had to be ended. `connection` is in autocommit."""
    deadline = time.monotonic() + LINGER
    while found and time.monotonic() < deadline:
        time.sleep(0.001)
        found = look(connection, spare)
    ended: dict[tuple[int, str, str], Leak] = {}
    deadline = time.monotonic() + PATIENCE
    while found:
        for leak in found:
            if (leak.pid, leak.what, leak.name) not in ended:
                ended[leak.pid, leak.what, leak.name] = leak
                _end(connection, leak)
        if time.monotonic() > deadline:
            raise ProdparityError(
                f"{found[0]} did not end within {PATIENCE:.0f} s.", fix="end the connection in the test that opened it"
            )
        time.sleep(0.001)
        found = look(connection, spare)
    pids = {leak.pid for leak in ended.values() if leak.what != "advisory lock"}
    # A transaction's advisory locks say nothing new.
    return [leak for leak in ended.values() if leak.what != "advisory lock" or leak.pid not in pids]


def _end(connection: psycopg.Connection, leak: Leak) -> None:
    if leak.pid:
        connection.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [leak.pid])
    else:
        try:
            connection.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(leak.name)))
        except psycopg.errors.UndefinedObject:
            return  # somebody finished it meanwhile
