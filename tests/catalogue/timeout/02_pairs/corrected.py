"""Bought together: the pairs of products on the start page."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

PAIRS = """
    SELECT a.product_id AS first, b.product_id AS second, count(*) AS times
    FROM (SELECT id FROM orders ORDER BY id DESC LIMIT 2000) latest
    JOIN order_items a ON a.order_id = latest.id
    JOIN order_items b ON b.order_id = a.order_id AND b.product_id > a.product_id
    GROUP BY a.product_id, b.product_id
    ORDER BY times DESC, first, second
    LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class Pair:
    first: int
    second: int
    times: int


async def bought_together(conn: asyncpg.Connection, limit: int = 8) -> list[Pair]:
    """The pairs of products that are in the same orders most often, in the latest orders."""
    rows = await conn.fetch(PAIRS, limit)
    return [Pair(**row) for row in rows]
