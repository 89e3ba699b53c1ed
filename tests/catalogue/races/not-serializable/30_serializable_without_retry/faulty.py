"""At most three open tickets for each customer."""

from __future__ import annotations

import psycopg
from psycopg import IsolationLevel

MOST = 3


class TooMany(Exception):
    pass


def open_ticket(dsn: str, customer_id: int, subject: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.isolation_level = IsolationLevel.SERIALIZABLE
        row = conn.execute(
            "SELECT count(*) FROM tickets WHERE customer_id = %s AND status = 'open'", (customer_id,)
        ).fetchone()
        if row[0] >= MOST:
            raise TooMany(customer_id)
        conn.execute(
            "INSERT INTO tickets (tenant_id, customer_id, subject) "
            "SELECT tenant_id, id, %s FROM customers WHERE id = %s",
            (subject, customer_id),
        )
