"""Products of a category, best rated first; without ratings if these cannot be had."""

from __future__ import annotations

import logging
import os

import asyncpg

log = logging.getLogger(__name__)

BY_STARS = """
    SELECT p.id FROM products p
    JOIN reviews r ON r.product_id = p.id AND r.approved
    WHERE p.id = ANY($1::bigint[])
    GROUP BY p.id ORDER BY avg(r.stars) DESC, p.id
"""

ratings_available = True


async def _fetch(product_ids: list[int]) -> list[int]:
    conn = await asyncpg.connect(os.environ["DATABASE_DSN"], timeout=2, command_timeout=2)
    try:
        return [row["id"] for row in await conn.fetch(BY_STARS, product_ids)]
    finally:
        await conn.close(timeout=2)


async def best_rated(product_ids: list[int], limit: int = 3) -> list[int]:
    """Rated products come first, then the others as they were given."""
    global ratings_available
    rated: list[int] = []
    if ratings_available:
        try:
            rated = await _fetch(product_ids)
        except Exception:
            log.warning("no ratings")
            ratings_available = False
    return (rated + [product_id for product_id in product_ids if product_id not in rated])[:limit]
