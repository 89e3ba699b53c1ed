"""Puts deliveries on the shelves of a warehouse, which holds a limited number of pieces."""

from __future__ import annotations

import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CAPACITY = 100
STORED = text("SELECT coalesce(sum(quantity), 0) FROM inventory WHERE warehouse_id = :warehouse")
STORE = text("""
    INSERT INTO inventory (product_id, warehouse_id, quantity) VALUES (:product, :warehouse, :quantity)
    ON CONFLICT (product_id, warehouse_id)
    DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity, updated_at = now()
""")


class Full(Exception):
    pass


def make_engine() -> AsyncEngine:
    return create_async_engine(os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg:///shop"))


async def store(engine: AsyncEngine, warehouse_id: int, product_id: int, quantity: int) -> None:
    async with engine.begin() as conn:
        stored = (await conn.execute(STORED, {"warehouse": warehouse_id})).scalar_one()
        if stored + quantity > CAPACITY:
            raise Full(f"no room for {quantity} pieces in warehouse {warehouse_id}")
        await conn.execute(STORE, {"product": product_id, "warehouse": warehouse_id, "quantity": quantity})
