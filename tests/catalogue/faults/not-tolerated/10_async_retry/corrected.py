"""Places orders that other systems send; each has a number of its own."""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

INSERT = text(
    "INSERT INTO orders (tenant_id, customer_id, number, total) "
    "SELECT tenant_id, id, :number, :total FROM customers WHERE id = :customer "
    "ON CONFLICT (number) DO NOTHING"
)
SELECT = text("SELECT id FROM orders WHERE number = :number")


def make_engine() -> AsyncEngine:
    url = os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg:///shop")
    return create_async_engine(url, pool_size=2, connect_args={"timeout": 2, "command_timeout": 2})


async def _place(engine: AsyncEngine, customer_id: int, number: str, total: Decimal) -> int:
    async with engine.begin() as conn:
        await conn.execute(INSERT, {"customer": customer_id, "number": number, "total": total})
        return (await conn.execute(SELECT, {"number": number})).scalar_one()


async def place(engine: AsyncEngine, customer_id: int, number: str, total: Decimal) -> int:
    """The id of the order with that number, which is made if it is new."""
    for attempt in range(1, 5):
        try:
            return await _place(engine, customer_id, number, total)
        except (IntegrityError, ProgrammingError):
            raise
        except (DBAPIError, OSError):
            if attempt == 4:
                raise
            await engine.dispose()
            await asyncio.sleep(0.05 * 2**attempt)
    raise AssertionError("unreachable")
