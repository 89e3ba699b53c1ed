"""Stock of products; one change at a time for each product."""

from __future__ import annotations

import asyncpg


class Stock:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def receive(self, product_id: int, quantity: int) -> int:
        """Add delivered goods; returns how many there are now."""
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute("SELECT pg_advisory_xact_lock($1)", product_id)
            there = await conn.fetchval("SELECT quantity FROM inventory WHERE product_id = $1", product_id)
            await conn.execute(
                "UPDATE inventory SET quantity = $2 WHERE product_id = $1", product_id, there + quantity
            )
        return there + quantity
