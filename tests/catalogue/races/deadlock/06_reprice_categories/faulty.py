"""Price changes by category."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

CHANGE = text(
    "UPDATE products SET price = round(price * :factor, 2), updated_at = now() WHERE category_id = :category AND active"
)


async def reprice(engine: AsyncEngine, categories: Iterable[int], factor: Decimal) -> int:
    """Returns how many products have another price."""
    changed = 0
    async with engine.begin() as conn:
        for category in categories:
            result = await conn.execute(CHANGE, {"factor": factor, "category": category})
            changed += result.rowcount
    return changed
