"""Loyalty points for orders."""

from __future__ import annotations

import asyncpg

RATE = "SELECT CASE segment WHEN 'vip' THEN 2 ELSE 1 END FROM customers WHERE id = $1"


async def make_pool(dsn: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(dsn, min_size=0, max_size=2)


async def rate(pool: asyncpg.Pool, customer_id: int) -> int:
    """How many points a customer gets for each euro."""
    return await pool.fetchval(RATE, customer_id)


async def reward(pool: asyncpg.Pool, order_id: int) -> int:
    """Give the points for an order; returns the customer's points."""
    async with pool.acquire() as conn, conn.transaction():
        order = await conn.fetchrow(
            "UPDATE orders SET status = 'rewarded' WHERE id = $1 AND status <> 'rewarded' "
            "RETURNING customer_id, floor(total)::int AS euros",
            order_id,
        )
        if order is None:
            raise LookupError(f"order {order_id} is unknown or was rewarded")
        points = order["euros"] * await rate(pool, order["customer_id"])
        return await conn.fetchval(
            "UPDATE customers SET points = points + $2 WHERE id = $1 RETURNING points", order["customer_id"], points
        )
