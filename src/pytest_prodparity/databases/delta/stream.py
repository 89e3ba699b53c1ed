"""The slot from which changes are read: peeked at, and taken once they are undone."""

from __future__ import annotations

import secrets
import selectors
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from ..provider import Server
from .decode import Unreadable
from .prepare import Untrackable

MOST = 100_000
"""Row changes above which a clone is the cheaper way back."""
_OPTIONS: LiteralString = "'skip-empty-xacts', '1', 'include-xids', '0', 'include-timestamp', '0'"
_CHANGES: LiteralString = (
    "SELECT data FROM pg_catalog.pg_logical_slot_{}_changes({}, NULL, 0, " + _OPTIONS + ") LIMIT {}"  # noqa: S608
)
_FLUSH: LiteralString = "SELECT pg_catalog.pg_logical_emit_message(false, 'x', 'x', true)::text"
"""What was committed without waiting for the disk is decoded only once it is flushed."""
_FLUSH_OLD: LiteralString = (
    "BEGIN; SELECT pg_catalog.pg_logical_emit_message(true, 'x', 'x'); COMMIT;"
    " SELECT pg_catalog.pg_current_wal_flush_lsn()::text"
)
_ADVANCE = b"SELECT pg_catalog.pg_replication_slot_advance($1::name, $2::pg_lsn)"


class Stream:
    """A temporary slot on `connection`, which is in autocommit. An error on that connection ends it.

    Nothing else should use that session: decoding empties the caches of catalogue and plans. What is asked of it is sent
    and read apart: while the server decodes, another session can work.
    """

    def __init__(self, connection: psycopg.Connection, server: Server) -> None:
        self._connection = connection
        self._name = f"prodparity_{secrets.token_hex(8)}"
        name, most = sql.Literal(self._name), sql.Literal(MOST + 1)
        changes = (_FLUSH if server.version >= 170000 else _FLUSH_OLD) + " UNION ALL (" + _CHANGES + ")"
        self._peek = sql.SQL(changes).format(sql.SQL("peek"), name, most).as_bytes(connection)
        self._take = (
            sql.SQL(changes + " UNION ALL SELECT pg_catalog.pg_current_wal_insert_lsn()::text")
            .format(sql.SQL("get"), name, most)
            .as_bytes(connection)
        )
        self._asked = False
        """Something was sent, and its results were not read."""

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
        self._received()
        self._connection.execute(
            "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots"
            " WHERE slot_name = %s",
            [self._name],
        )

    def look(self) -> None:
        """Let the server decode what is committed by now; `peek` then has less to wait for."""
        self._send(self._peek)

    def peek(self) -> tuple[list[str], str]:
        """As of the last `look`, the decoded lines not yet taken, and the log's position up to which they are all."""
        position, *lines = self._lines()
        return lines, position

    def take(self) -> tuple[list[str], str]:
        """The decoded lines, which do not come again, and the log's position after them."""
        self._send(self._take)
        _, *lines, position = self._lines()
        return lines, position

    def advance(self, position: str) -> None:
        """Take without reading, up to there. It is not waited for."""
        self._send(_ADVANCE, self._name.encode(), position.encode())

    def _send(self, query: bytes, *values: bytes) -> None:
        self._received()
        if values:
            self._connection.pgconn.send_query_params(query, values)
        else:
            self._connection.pgconn.send_query(query)
        self._asked = True
        while self._connection.pgconn.flush():
            self._wait(selectors.EVENT_WRITE)

    def _received(self) -> list[PGresult]:
        """The results of what was sent last; raises psycopg's errors."""
        results: list[PGresult] = []
        pgconn = self._connection.pgconn
        while self._asked:
            while pgconn.is_busy():
                self._wait(selectors.EVENT_READ)
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                self._asked = False
            else:
                results.append(result)
        for result in results:
            if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
                raise psycopg.errors.error_from_result(result, encoding=self._connection.info.encoding)
        return results

    def _wait(self, event: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection.pgconn.socket, event)
            selector.select()

    def _lines(self) -> list[str]:
        result = self._received()[-1]
        if result.ntuples > MOST + 2:
            raise Unreadable(f"more than {MOST:,} rows were changed")
        encoding = self._connection.info.encoding
        return [(result.get_value(at, 0) or b"").decode(encoding) for at in range(result.ntuples)]
