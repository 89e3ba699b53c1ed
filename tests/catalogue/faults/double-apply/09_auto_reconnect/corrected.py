"""A connection that reconnects by itself. Autocommit; for scripts."""

from __future__ import annotations

import psycopg2
import psycopg2.extensions


class Connection:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._conn: psycopg2.extensions.connection | None = None

    def _open(self) -> psycopg2.extensions.connection:
        if self._conn is None or self._conn.closed:
            self._conn = psycopg2.connect(self._dsn, connect_timeout=3)
            self._conn.autocommit = True
        return self._conn

    def _send(self, query: str, params: tuple[object, ...]) -> list[tuple[object, ...]]:
        with self._open().cursor() as cur:
            cur.execute(query, params)
            return cur.fetchall() if cur.description else []

    def execute(self, query: str, *params: object) -> list[tuple[object, ...]]:
        """Reconnects before the statement, never after: then it may have been executed."""
        try:
            self._send("SELECT 1", ())
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self.close()
        try:
            return self._send(query, params)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self.close()
            raise

    def close(self) -> None:
        if self._conn is not None and not self._conn.closed:
            self._conn.close()
        self._conn = None


def remind(db: Connection, customer_id: int, subject: str) -> None:
    """Queue a reminder for a customer's cart."""
    ((email, name),) = db.execute("SELECT email, name FROM customers WHERE id = %s", customer_id)
    db.execute(
        "INSERT INTO emails (customer_id, recipient, subject, body) VALUES (%s, %s, %s, %s)",
        customer_id,
        email,
        subject,
        f"Dear {name}, you left something in your cart.",
    )
