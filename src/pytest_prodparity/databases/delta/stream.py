"""The slot from which changes are read: peeked at, and taken once they are undone."""

from __future__ import annotations

import secrets
from typing import LiteralString

import psycopg
from psycopg import sql

from ..provider import Server
from .decode import Unreadable
from .prepare import Untrackable

MOST = 100_000
"""Row changes above which a clone is the cheaper way back."""
REFRESH = 50
"""Undos after which the place from which the log is read again moves on; the server does it only every 15 s."""
_OPTIONS: LiteralString = "'skip-empty-xacts', '1', 'include-xids', '0', 'include-timestamp', '0'"


class Stream:
    """A temporary slot on `connection`, which is in autocommit. An error on that connection ends it.

    Nothing else should use that session: decoding empties the caches of catalogue and plans.
    """

    def __init__(self, connection: psycopg.Connection, server: Server) -> None:
        self._connection = connection
        self._name = f"prodparity_{secrets.token_hex(8)}"
        self._version = server.version
        # What was committed without waiting for the disk is decoded only once it is flushed.
        message: LiteralString = "false, 'x', 'x', true" if server.version >= 170000 else "true, 'x', 'x'"
        flush: LiteralString = f"SELECT pg_catalog.pg_logical_emit_message({message}) IS NULL AS n OFFSET 0"
        if server.version < 170000:
            self._flush: LiteralString | None = flush
            flush = "SELECT false AS n OFFSET 0"
        else:
            self._flush = None
        changes: LiteralString = (
            "SELECT c.data FROM (" + flush + ") m, LATERAL pg_catalog.pg_logical_slot_{}_changes("  # noqa: S608
            "{}, NULL, CASE WHEN m.n THEN 0 END, " + _OPTIONS + ") c LIMIT {}"
        )
        self._peek = self._query(changes, "peek")
        self._take = self._query(
            "(" + changes + ") UNION ALL SELECT pg_catalog.pg_current_wal_insert_lsn()::text", "get"
        )

    def open(self, patience: float) -> None:
        """Make the slot; waits for all open transactions of the server. Raises Untrackable after `patience` seconds."""
        connection = self._connection
        # Transactions are waited for by their locks.
        connection.execute(
            "SELECT pg_catalog.set_config('statement_timeout', %s, false), pg_catalog.set_config('lock_timeout', '0', false)",
            [f"{patience * 1000:.0f}"],
        )
        try:
            connection.execute(
                "SELECT pg_catalog.pg_create_logical_replication_slot(%s, 'test_decoding', true)", [self._name]
            )
        except psycopg.errors.QueryCanceled:
            row = connection.execute(
                "SELECT pid, datname FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start"
            ).fetchone()
            who = f"process {row[0]} in the database {row[1]}" if row else "a prepared one"
            raise Untrackable(
                f"a transaction has been open on the server for {patience:.0f} s, {who}",
                fix="end that transaction",
                passing=True,
            ) from None
        except psycopg.errors.ConfigurationLimitExceeded as cause:
            raise Untrackable(
                f"the server has no free replication slot: {cause.diag.message_primary}",
                fix="raise max_replication_slots there, and restart it",
                passing=True,
            ) from None
        connection.execute("SET statement_timeout = 0; RESET lock_timeout")

    def close(self) -> None:
        """Give the slot back; with the session it would go a moment too late for a DROP DATABASE."""
        self._connection.execute(
            "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots"
            " WHERE slot_name = %s",
            [self._name],
        )

    def peek(self) -> list[str]:
        """The decoded lines not yet taken."""
        return self._rows(self._peek)

    def take(self) -> tuple[list[str], str]:
        """The decoded lines, which do not come again, and the log's position after them."""
        *lines, position = self._rows(self._take)
        return lines, position

    def advance(self) -> str:
        """Take without reading; the log's position."""
        return self._one(
            "SELECT pg_catalog.pg_current_wal_insert_lsn()::text"
            " FROM pg_catalog.pg_replication_slot_advance(%s, pg_catalog.pg_current_wal_flush_lsn())",
            [self._name],
        )

    def refresh(self, undone: int) -> bool:
        """Once in a while let the server note which transactions run, from where reading can start."""
        if undone % REFRESH or self._version < 160000:
            return False
        self._connection.execute("SELECT pg_catalog.pg_log_standby_snapshot()")
        return True

    def _query(self, text: LiteralString, how: LiteralString) -> sql.Composed:
        return sql.SQL(text).format(sql.SQL(how), sql.Literal(self._name), sql.Literal(MOST + 1))

    def _rows(self, query: sql.Composed) -> list[str]:
        if self._flush is not None:
            self._connection.execute(self._flush, prepare=True)
        lines = [line for (line,) in self._connection.execute(query, prepare=True)]
        if len(lines) > MOST:
            raise Unreadable(f"more than {MOST:,} rows were changed")
        return lines

    def _one(self, query: LiteralString, parameters: list[str]) -> str:
        row = self._connection.execute(query, parameters, prepare=True).fetchone()
        assert row is not None
        return str(row[0])
