"""Delivered goods."""

from __future__ import annotations

import asyncpg


async def receive(pool: asyncpg.Pool, product_id: int, warehouse_id: int, quantity: int) -> None:
    async with pool.acquire() as conn, conn.transaction():
        active = await conn.fetchval("SELECT active FROM products WHERE id = $1", product_id)
        if not active:
            raise LookupError(f"product {product_id} is not sold any more")
        await conn.execute(
            "INSERT INTO inventory AS i (product_id, warehouse_id, quantity) VALUES ($1, $2, $3) "
            "ON CONFLICT (product_id, warehouse_id) DO UPDATE SET quantity = i.quantity + EXCLUDED.quantity, "
            "updated_at = now()",
            product_id,
            warehouse_id,
            quantity,
        )
