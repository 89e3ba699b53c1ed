"""Deliveries to a warehouse."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

ADD = (
    "INSERT INTO inventory (product_id, warehouse_id, quantity) VALUES ($1, $2, $3) "
    "ON CONFLICT (product_id, warehouse_id) DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity"
)


async def receive(pool: asyncpg.Pool, warehouse_id: int, delivery: Mapping[int, int]) -> int:
    """Add a delivery (product to quantity) to the stock, all of it or nothing."""
    async with pool.acquire() as conn, conn.transaction():
        for product_id, quantity in sorted(delivery.items()):
            await conn.execute(ADD, product_id, warehouse_id, quantity)
    return len(delivery)
