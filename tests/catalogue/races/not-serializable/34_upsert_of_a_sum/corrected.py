"""Reserved goods, by product and warehouse."""

from __future__ import annotations

import asyncpg


async def reserve(pool: asyncpg.Pool, product_id: int, warehouse_id: int, quantity: int) -> None:
    async with pool.acquire() as conn:
        await conn.execute(
            "INSERT INTO inventory (product_id, warehouse_id, reserved) VALUES ($1, $2, $3) "
            "ON CONFLICT (product_id, warehouse_id) DO UPDATE SET reserved = inventory.reserved + EXCLUDED.reserved",
            product_id,
            warehouse_id,
            quantity,
        )
