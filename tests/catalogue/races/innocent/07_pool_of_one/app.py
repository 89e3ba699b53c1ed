"""Stock, through a small pool."""

from __future__ import annotations

from psycopg_pool import ConnectionPool


def buy(pool: ConnectionPool, product_id: int, quantity: int) -> bool:
    with pool.connection() as conn:
        done = conn.execute(
            "UPDATE inventory SET quantity = quantity - %(n)s WHERE product_id = %(product)s AND quantity >= %(n)s",
            {"n": quantity, "product": product_id},
        )
        bought = done.rowcount == 1
    with pool.connection() as conn:
        conn.execute(
            "INSERT INTO events (tenant_id, entity_type, entity_id, action) VALUES (1, 'product', %s, %s)",
            (product_id, f"sold {quantity}" if bought else f"sold out, {quantity} asked for"),
        )
    return bought
