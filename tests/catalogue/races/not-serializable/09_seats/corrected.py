"""Seats of a tenant's plan."""

from __future__ import annotations

import asyncpg


class NoSeat(Exception):
    """The plan's seats are all taken."""


async def invite(pool: asyncpg.Pool, tenant_id: int, email: str) -> None:
    async with pool.acquire() as conn, conn.transaction():
        seats = await conn.fetchval("SELECT seats FROM tenants WHERE id = $1 FOR NO KEY UPDATE", tenant_id)
        taken = await conn.fetchval("SELECT count(*) FROM customers WHERE tenant_id = $1", tenant_id)
        if taken >= seats:
            raise NoSeat(email)
        await conn.execute(
            "INSERT INTO customers (tenant_id, email, name) VALUES ($1, $2, split_part($2, '@', 1))", tenant_id, email
        )
