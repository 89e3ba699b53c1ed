"""Reserved goods, by product and warehouse."""

from __future__ import annotations

import asyncpg


async def reserve(pool: asyncpg.Pool, product_id: int, warehouse_id: int, quantity: int) -> None:
    async with pool.acquire() as conn:
        reserved = await conn.fetchval(
            "SELECT reserved FROM inventory WHERE product_id = $1 AND warehouse_id = $2", product_id, warehouse_id
        )
        await conn.execute(
            "INSERT INTO inventory (product_id, warehouse_id, reserved) VALUES ($1, $2, $3) "
            "ON CONFLICT (product_id, warehouse_id) DO UPDATE SET reserved = EXCLUDED.reserved",
            product_id,
            warehouse_id,
            (reserved or 0) + quantity,
        )
