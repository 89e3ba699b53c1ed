"""Price changes come from the purchasing department as a list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import asyncpg


async def reprice(pool: asyncpg.Pool, prices: Mapping[int, Decimal]) -> int:
    """Change all prices or none: the shop window must never show a mix of two lists."""
    wrong = [product_id for product_id, price in prices.items() if price <= 0]
    if wrong:
        raise ValueError(f"no price for {wrong}")
    async with asyncio.timeout(3), pool.acquire(timeout=2) as conn:
        await conn.execute(
            "UPDATE products p SET price = v.price, updated_at = now() "
            "FROM unnest($1::bigint[], $2::numeric[]) AS v (id, price) WHERE p.id = v.id",
            list(prices.keys()),
            list(prices.values()),
        )
    return len(prices)
