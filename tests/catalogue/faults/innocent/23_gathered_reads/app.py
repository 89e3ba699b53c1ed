from __future__ import annotations

import asyncio

import asyncpg


async def profile(pool: asyncpg.Pool, customer_id: int) -> dict[str, object]:
    """What the account page shows."""
    async with asyncio.timeout(5):
        customer, orders, addresses = await asyncio.gather(
            pool.fetchrow("SELECT name, points FROM customers WHERE id = $1", customer_id, timeout=2),
            pool.fetch(
                "SELECT number, status FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 5",
                customer_id,
                timeout=2,
            ),
            pool.fetchval("SELECT count(*) FROM addresses WHERE customer_id = $1", customer_id, timeout=2),
        )
    if customer is None:
        raise LookupError(customer_id)
    return {**customer, "orders": [tuple(order) for order in orders], "addresses": addresses}
