"""Price changes come from the purchasing department as a list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import asyncpg


async def set_price(pool: asyncpg.Pool, product_id: int, price: Decimal) -> None:
    async with pool.acquire() as conn:
        await conn.execute("UPDATE products SET price = $2, updated_at = now() WHERE id = $1", product_id, price)


async def reprice(pool: asyncpg.Pool, prices: Mapping[int, Decimal]) -> int:
    """Change all prices or none: the shop window must never show a mix of two lists."""
    wrong = [product_id for product_id, price in prices.items() if price <= 0]
    if wrong:
        raise ValueError(f"no price for {wrong}")
    await asyncio.gather(*(set_price(pool, product_id, price) for product_id, price in prices.items()))
    return len(prices)
