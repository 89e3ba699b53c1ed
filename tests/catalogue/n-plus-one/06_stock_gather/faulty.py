"""Availability service: how much of each product can be sold right now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg


async def availability(pool: asyncpg.Pool, product_id: int) -> int:
    """Units of one product that are not reserved, over all warehouses."""
    value = await pool.fetchval(  # <- here
        "SELECT sum(quantity - reserved) FROM inventory WHERE product_id = $1", product_id
    )
    return max(value or 0, 0)


async def availabilities(pool: asyncpg.Pool, product_ids: Sequence[int]) -> dict[int, int]:
    """The same for many products, concurrently."""
    counts = await asyncio.gather(*(availability(pool, product_id) for product_id in product_ids))
    return dict(zip(product_ids, counts, strict=True))


async def sold_out(pool: asyncpg.Pool, product_ids: Sequence[int]) -> list[int]:
    return [product_id for product_id, count in (await availabilities(pool, product_ids)).items() if count == 0]
