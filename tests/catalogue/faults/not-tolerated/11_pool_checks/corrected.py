from __future__ import annotations

import os
import time
from contextlib import closing

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

TRANSIENT = (psycopg.OperationalError, errors.ReadOnlySqlTransaction, PoolTimeout)


def open_pool() -> ConnectionPool:
    return ConnectionPool(
        os.environ.get("DATABASE_DSN", "postgresql:///shop"),
        kwargs={"connect_timeout": 2, "tcp_user_timeout": 2000},
        min_size=1,
        max_size=2,
        timeout=5,
        check=ConnectionPool.check_connection,
        open=True,
    )


class Visits:
    """Who was here when. Updates may be repeated."""

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool

    def _note(self, customer_id: int) -> int:
        with self.pool.connection() as conn, closing(conn.cursor()) as cur:
            try:
                cur.execute("UPDATE customers SET last_seen = now() WHERE id = %s RETURNING points", (customer_id,))
                row = cur.fetchone()
            except errors.ReadOnlySqlTransaction:
                conn.close()  # the pool would give out this replica again
                raise
        if row is None:
            raise psycopg.DataError(f"no customer {customer_id}")
        return row[0]

    def note(self, customer_id: int) -> int:
        """Returns the customer's points."""
        for pause in (0.1, 0.3, 0.9):
            try:
                return self._note(customer_id)
            except TRANSIENT:
                time.sleep(pause)
        return self._note(customer_id)
