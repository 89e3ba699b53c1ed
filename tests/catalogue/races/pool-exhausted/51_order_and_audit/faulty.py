"""Cancels orders; each change is written to the audit trail."""

from __future__ import annotations

from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool


def make_pool(dsn: str) -> ConnectionPool:
    return ConnectionPool(dsn, min_size=0, max_size=2, timeout=3, open=True)


def audit(pool: ConnectionPool, tenant_id: int, order_id: int, action: str, **details: object) -> None:
    with pool.connection() as conn:
        conn.execute(
            "INSERT INTO events (tenant_id, entity_type, entity_id, action, payload) VALUES (%s, 'order', %s, %s, %s)",
            (tenant_id, order_id, action, Jsonb(details)),
        )


def cancel(pool: ConnectionPool, order_id: int, reason: str) -> bool:
    with pool.connection() as conn:
        row = conn.execute(
            "UPDATE orders SET status = 'cancelled', notes = %s WHERE id = %s AND status = 'pending' "
            "RETURNING tenant_id",
            (reason, order_id),
        ).fetchone()
        if row is None:
            return False
        audit(pool, row[0], order_id, "cancelled", reason=reason)
        return True
