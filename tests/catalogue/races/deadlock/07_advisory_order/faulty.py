"""Merges customers' points; each customer has an advisory lock."""

from __future__ import annotations

import asyncpg


async def merge(pool: asyncpg.Pool, into: int, other: int) -> int:
    """Move all points of `other`; returns how many were moved."""
    async with pool.acquire() as conn, conn.transaction():
        for customer in (into, other):
            await conn.execute("SELECT pg_advisory_xact_lock(4711, $1)", customer)
        moved = await conn.fetchval("SELECT points FROM customers WHERE id = $1", other)
        await conn.execute("UPDATE customers SET points = points + $2 WHERE id = $1", into, moved)
        await conn.execute("UPDATE customers SET points = 0 WHERE id = $1", other)
        return moved
