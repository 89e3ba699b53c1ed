"""Cancels orders and gives their stock back."""

from __future__ import annotations

import psycopg


class TooLate(Exception):
    pass


async def cancel(dsn: str, order_id: int, warehouse_id: int) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=3) as conn:
        async with conn.transaction():
            await _give_back(conn, order_id, warehouse_id)
            await _mark(conn, order_id)


async def _give_back(conn: psycopg.AsyncConnection, order_id: int, warehouse_id: int) -> None:
    await conn.execute(
        "UPDATE inventory i SET reserved = reserved - l.quantity, updated_at = now() FROM order_items l "
        "JOIN orders o ON o.id = l.order_id AND o.status = 'pending' "
        "WHERE l.order_id = %s AND i.product_id = l.product_id AND i.warehouse_id = %s",
        (order_id, warehouse_id),
    )


async def _mark(conn: psycopg.AsyncConnection, order_id: int) -> None:
    done = await conn.execute(
        "UPDATE orders SET status = 'cancelled' WHERE id = %s AND status = 'pending'", (order_id,)
    )
    if done.rowcount != 1:
        raise TooLate(order_id)
