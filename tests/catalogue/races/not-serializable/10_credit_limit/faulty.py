"""Orders on account, up to a credit limit."""

from __future__ import annotations

from decimal import Decimal

import psycopg

LIMIT = Decimal(1000)


class OverLimit(Exception):
    pass


def order_on_account(dsn: str, tenant_id: int, customer_id: int, number: str, total: Decimal) -> Decimal:
    """Place an order; returns how much credit is left."""
    with psycopg.connect(dsn) as conn:
        owed = conn.execute(
            "SELECT coalesce(sum(total), 0) FROM orders WHERE customer_id = %s AND status = 'pending'", (customer_id,)
        ).fetchone()[0]
        if owed + total > LIMIT:
            raise OverLimit(f"{number} of {total}")
        conn.execute(
            "INSERT INTO orders (tenant_id, customer_id, number, total) VALUES (%s, %s, %s, %s)",
            (tenant_id, customer_id, number, total),
        )
        return LIMIT - owed - total
