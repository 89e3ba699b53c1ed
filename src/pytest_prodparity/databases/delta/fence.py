"""Nothing may be under way while a state is judged: open transactions, prepared ones and advisory locks are ended."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from ...core.errors import ProdparityError

LINGER = 0.05
"""Seconds in which a connection that was closed with its transaction open may still go by itself."""
PATIENCE = 10.0
"""Seconds for a backend to end."""

UNDER_WAY: LiteralString = """
SELECT CASE WHEN a.state LIKE 'idle in%%' THEN 'open transaction' ELSE 'running statement' END AS what,
  a.pid::bigint AS pid, coalesce(a.client_port, 0)::bigint AS port, coalesce(a.application_name, '') AS name
FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.datid = %(database)s AND a.backend_type = 'client backend' AND a.state <> 'idle' AND a.pid <> ALL (%(spare)s::int[])
  AND NOT (a.pid = ANY (%(older)s::int[]) AND a.state = 'idle in transaction' AND a.backend_xid IS NULL)
UNION ALL
SELECT 'advisory lock', l.pid, 0, '' FROM pg_catalog.pg_lock_status() l
WHERE l.locktype = 'advisory' AND l.database = %(database)s AND l.pid <> ALL (%(spare)s::int[])
UNION ALL
SELECT 'prepared transaction', 0, 0, p.gid FROM pg_catalog.pg_prepared_xact() p WHERE p.dbid = %(database)s
"""
"""The functions below the views, whose joins cost more than all the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spared:
    """Backends, by pid, that stay."""

    always: tuple[int, ...] = ()
    older: tuple[int, ...] = ()
    """As long as they are idle in a transaction that has written nothing: a wider fixture's."""


BESIDE: LiteralString = """
UNION ALL SELECT 'sequence', q.oid, q.value, q.called::text FROM ({sequences}) AS q(oid, value, called)
UNION ALL SELECT 'position', 0, 0, pg_catalog.pg_current_wal_insert_lsn()::text
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What one look at a database tells."""

    under_way: tuple[Leak, ...]
    sequences: Mapping[int, tuple[int, bool]]
    position: str
    """Where the log stood."""


def survey(connection: psycopg.Connection, database: int, spare: Spared, sequences: sql.Composable) -> Survey:
    """In one round trip: what is under way, then where the sequences stand, then where the log does."""
    query = (UNDER_WAY + BESIDE).encode().replace(b"{sequences}", sequences.as_bytes(connection).replace(b"%", b"%%"))
    leaks, states, position = [], {}, ""
    for what, number, value, said in connection.execute(query, _where(database, spare), prepare=True):
        if what == "position":
            position = said
        elif what == "sequence":
            states[number] = (value, said == "true")
        else:
            leaks.append(Leak(what=what, pid=number, port=value, name=said))
    return Survey(under_way=tuple(leaks), sequences=states, position=position)


def look(connection: psycopg.Connection, database: int, spare: Spared) -> list[Leak]:
    """What is under way in this database, by its oid, except in the backends `spare`."""
    rows = connection.execute(UNDER_WAY, _where(database, spare), prepare=True).fetchall()
    return [Leak(pid=pid, what=what, name=name, port=port) for what, pid, port, name in rows]


def _where(database: int, spare: Spared) -> dict[str, object]:
    return {"database": database, "spare": list(spare.always), "older": list(spare.older)}


def clear(connection: psycopg.Connection, database: int, spare: Spared, found: Sequence[Leak]) -> list[Leak]:
    """End what `look` found, and whatever comes meanwhile; what had to be ended. `connection` is in autocommit."""
    deadline = time.monotonic() + LINGER
    while found and time.monotonic() < deadline:
        time.sleep(0.001)
        found = look(connection, database, spare)
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
        found = look(connection, database, spare)
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
