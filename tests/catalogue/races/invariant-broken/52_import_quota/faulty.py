"""Books deliveries of products that are under a quota: so many pieces may be stored, in all warehouses together."""

from __future__ import annotations

import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

QUOTA = 100
STORED = text("SELECT coalesce(sum(quantity), 0) FROM inventory WHERE product_id = :product")
STORE = text("""
    INSERT INTO inventory (product_id, warehouse_id, quantity) VALUES (:product, :warehouse, :quantity)
    ON CONFLICT (product_id, warehouse_id)
    DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity, updated_at = now()
""")


class OverQuota(Exception):
    pass


def make_engine() -> AsyncEngine:
    return create_async_engine(os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg:///shop"))


async def store(engine: AsyncEngine, warehouse_id: int, product_id: int, quantity: int) -> None:
    async with engine.begin() as conn:
        stored = (await conn.execute(STORED, {"product": product_id})).scalar_one()
        if stored + quantity > QUOTA:
            raise OverQuota(f"{stored} pieces of product {product_id} are stored, {quantity} more are too many")
        await conn.execute(STORE, {"product": product_id, "warehouse": warehouse_id, "quantity": quantity})
