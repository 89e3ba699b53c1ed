"""Asks the server itself, past the wire: who waits for whom, and which tables a session has locked."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from ..databases.provider import Server
from ..wire import lexer

_BLOCKERS = b"""
SELECT pid, pg_catalog.pg_blocking_pids(pid) || pg_catalog.pg_safe_snapshot_blocking_pids(pid)
FROM pg_catalog.unnest($1::int[]) AS pid"""
_LOCKS = b"""
SELECT l.relation, bool_or(l.mode NOT IN ('AccessShareLock'))
FROM pg_catalog.pg_locks AS l
WHERE l.pid = $1::int AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
GROUP BY l.relation"""
_TABLES = """
SELECT c.oid, n.nspname || '.' || c.relname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'f', 'S')
UNION ALL
SELECT i.indexrelid, n.nspname || '.' || c.relname
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid >= 16384"""
_HEAD = 6
SOON = "1ms"
"""The last to wait then always is the victim, and nobody waits a second for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footprint:
    """Tables of a session's transaction so far, as `schema.table`."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


class Watching:
    """One connection to the server, made when first asked; used by one thread at a time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._control: psycopg.Connection | None = None
        self._tables: dict[int, str] = {}
        self._tables_of = ""
        self._prepared: psycopg.Connection | None = None
        """Where these are prepared:"""
        self._names: dict[bytes, bytes] = {}

    def close(self) -> None:
        """Hang up."""
        control, self._control = self._control, None
        if control is not None:
            control.close()

    @property
    def control(self) -> psycopg.Connection:
        """In autocommit, to the server's own database: no test's database is kept from being dropped."""
        if self._control is None or self._control.closed:
            self._control = psycopg.connect(
                self._server.dsn(), autocommit=True, prepare_threshold=0, application_name="prodparity races"
            )
        return self._control

    def blockers(self, pids: Collection[int]) -> dict[int, tuple[int, ...]]:
        """By process: those that hold what it waits for."""
        if not pids:
            return {}
        rows = self._rows(_BLOCKERS, b"{%s}" % b",".join(b"%d" % pid for pid in pids))
        return {int(pid): tuple(sorted({int(one) for one in found[1:-1].split(b",") if one})) for pid, found in rows}

    def footprint(self, pid: int, database: str) -> Footprint:
        """Which tables it has locked since its transaction began, until now."""
        rows = [(int(oid), mode == b"t") for oid, mode in self._rows(_LOCKS, b"%d" % pid)]
        if not rows:
            return Footprint()
        if self._tables_of != database or any(oid not in self._tables for oid, _ in rows):
            self._learn(database)
        known = [(self._tables[oid], writes) for oid, writes in rows if oid in self._tables]
        written = frozenset(table for table, writes in known if writes)
        return Footprint(reads=frozenset(table for table, _ in known) - written, writes=written)

    def _rows(self, query: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
        """Both are asked several times a schedule, at a tenth of what a cursor costs."""
        control = self.control
        if self._prepared is not control:
            self._names.clear()
            self._prepared = control
        if query not in self._names:
            name = b"parity_%d" % len(self._names)
            self._checked(control, control.pgconn.prepare(name, query), ExecStatus.COMMAND_OK)
            self._names[query] = name
        result = control.pgconn.exec_prepared(self._names[query], [value])
        self._checked(control, result, ExecStatus.TUPLES_OK)
        return [(result.get_value(at, 0) or b"", result.get_value(at, 1) or b"") for at in range(result.ntuples)]

    @staticmethod
    def _checked(control: psycopg.Connection, result: PGresult, wanted: ExecStatus) -> None:
        if result.status == wanted:
            return
        if control.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError("the connection to the server was lost")
        raise psycopg.errors.error_from_result(result, encoding=control.info.encoding)

    def _learn(self, database: str) -> None:
        with psycopg.connect(self._server.dsn(database), autocommit=True) as inside:
            self._tables = dict(inside.execute(_TABLES).fetchall())
        self._tables_of = database

    def alive(self, pids: Collection[int]) -> set[int]:
        """Those of these sessions that have not ended."""
        query = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE pid = ANY(%s)"
        return {row[0] for row in self.control.execute(query, [list(pids)]).fetchall()} if pids else set()

    def cancel(self, pids: Collection[int], *, terminate: bool = False) -> None:
        """End what these sessions do, or the sessions; those that we may."""
        function = "pg_terminate_backend" if terminate else "pg_cancel_backend"
        for pid in pids:
            with contextlib.suppress(psycopg.Error):
                self.control.execute(sql.SQL("SELECT {}(%s)").format(sql.Identifier("pg_catalog", function)), [pid])

    def describe(self, pid: int) -> str:
        """One line on a session that is none of ours."""
        query = "SELECT application_name, query, backend_type FROM pg_catalog.pg_stat_activity WHERE pid = %s"
        row = self.control.execute(query, [pid]).fetchone()
        if row is None:
            return f"process {pid} of the server"
        application, text, kind = row
        by = f" ({application or kind})" if application or kind else ""
        words = [token.text for token in lexer.tokens(text or "") if token.kind in ("word", "quoted")][:_HEAD]
        return f"process {pid} of the server{by}" + (f", last query {' '.join(words)} …" if words else "")
