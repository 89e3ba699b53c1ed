"""Logging out."""

from __future__ import annotations

import asyncpg


async def log_out(pool: asyncpg.Pool, token: str) -> None:
    async with pool.acquire() as conn:
        customer = await conn.fetchval("SELECT customer_id FROM sessions WHERE token = $1", token)
        if customer is None:
            return
        await conn.execute("UPDATE customers SET last_seen = now() WHERE id = $1", customer)
        await conn.execute("DELETE FROM sessions WHERE token = $1", token)
