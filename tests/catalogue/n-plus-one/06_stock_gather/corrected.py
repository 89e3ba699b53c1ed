"""Availability service: how much of each product can be sold right now."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg


async def availability(pool: asyncpg.Pool, product_id: int) -> int:
    """Units of one product that are not reserved, over all warehouses."""
    value = await pool.fetchval("SELECT sum(quantity - reserved) FROM inventory WHERE product_id = $1", product_id)
    return max(value or 0, 0)


async def availabilities(pool: asyncpg.Pool, product_ids: Sequence[int]) -> dict[int, int]:
    """The same for many products."""
    rows = await pool.fetch(
        "SELECT product_id, sum(quantity - reserved) AS free FROM inventory WHERE product_id = ANY($1) GROUP BY product_id",
        list(product_ids),
    )
    free = {row["product_id"]: max(row["free"], 0) for row in rows}
    return {product_id: free.get(product_id, 0) for product_id in product_ids}


async def sold_out(pool: asyncpg.Pool, product_ids: Sequence[int]) -> list[int]:
    return [product_id for product_id, count in (await availabilities(pool, product_ids)).items() if count == 0]
