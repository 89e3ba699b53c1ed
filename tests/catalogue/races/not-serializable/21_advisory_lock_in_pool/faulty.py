"""Stock of products; one change at a time for each product."""

from __future__ import annotations

import asyncpg


class Stock:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def receive(self, product_id: int, quantity: int) -> int:
        """Add delivered goods; returns how many there are now."""
        await self.pool.execute("SELECT pg_advisory_lock($1)", product_id)
        try:
            there = await self.pool.fetchval("SELECT quantity FROM inventory WHERE product_id = $1", product_id)
            await self.pool.execute(
                "UPDATE inventory SET quantity = $2 WHERE product_id = $1", product_id, there + quantity
            )
        finally:
            await self.pool.execute("SELECT pg_advisory_unlock($1)", product_id)
        return there + quantity
