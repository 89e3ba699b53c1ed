"""Today's figures of a tenant, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import asyncpg


@dataclass
class Dashboard:
    pool: asyncpg.Pool
    tenant_id: int
    orders: int = 0
    revenue: Decimal = field(default_factory=Decimal)

    async def refresh(self) -> None:
        self.orders, self.revenue = await self.pool.fetchrow(
            "SELECT count(*), coalesce(sum(total), 0) FROM orders WHERE tenant_id = $1", self.tenant_id
        )


async def place(pool: asyncpg.Pool, customer_id: int, number: str, total: Decimal) -> None:
    await pool.execute(
        "INSERT INTO orders (tenant_id, customer_id, number, total) "
        "SELECT tenant_id, id, $2, $3 FROM customers WHERE id = $1",
        customer_id,
        number,
        total,
    )
