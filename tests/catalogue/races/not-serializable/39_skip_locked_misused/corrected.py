"""Renames customers, and notes it."""

from __future__ import annotations

import asyncpg


async def rename(pool: asyncpg.Pool, customer_id: int, name: str) -> str:
    """Give a customer another name; returns the old one."""
    async with pool.acquire() as conn, conn.transaction():
        old = await conn.fetchval(
            "SELECT name FROM customers WHERE id = $1 FOR UPDATE", customer_id
        )
        if old is None:
            raise LookupError(f"no customer {customer_id}")
        await conn.execute("UPDATE customers SET name = $2 WHERE id = $1", customer_id, name)
        return old
