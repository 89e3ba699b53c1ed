"""Changes of customers' names, with an audit trail."""

from __future__ import annotations

import psycopg
from psycopg_pool import ConnectionPool

AUDIT = "INSERT INTO events (tenant_id, entity_type, entity_id, action) VALUES (1, 'customer', %s, %s)"


def audit(conn: psycopg.Connection, customer_id: int, action: str) -> None:
    conn.execute(AUDIT, (customer_id, action))


def rename(pool: ConnectionPool, customer_id: int, name: str) -> None:
    with pool.connection() as conn:
        conn.execute("UPDATE customers SET name = %s WHERE id = %s", (name, customer_id))
        audit(conn, customer_id, f"renamed to {name}")
