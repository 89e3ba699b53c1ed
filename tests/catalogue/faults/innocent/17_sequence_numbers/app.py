"""Order numbers contain the order's id."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import asyncpg


async def _create(dsn: str, customer_id: int, total: Decimal) -> str:
    conn = await asyncpg.connect(dsn, timeout=2, command_timeout=2)
    try:
        async with conn.transaction():
            order_id = await conn.fetchval("SELECT nextval(pg_get_serial_sequence('orders', 'id'))")
            number = f"W-{order_id:08}"
            await conn.execute(
                "INSERT INTO orders (id, tenant_id, customer_id, number, total) "
                "SELECT $1, tenant_id, id, $3, $4 FROM customers WHERE id = $2",
                order_id,
                customer_id,
                number,
                total,
            )
        return number
    finally:
        await conn.close(timeout=2)


async def create(dsn: str, customer_id: int, total: Decimal) -> str:
    """Returns the order's number; deadlocks and serialization failures are tried again."""
    for attempt in range(3):
        try:
            return await _create(dsn, customer_id, total)
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            if attempt == 2:
                raise
            await asyncio.sleep(random.uniform(0.05, 0.1) * 2**attempt)
    raise AssertionError("unreachable")
