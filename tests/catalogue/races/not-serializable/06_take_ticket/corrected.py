"""Agents take tickets from the list of free ones."""

from __future__ import annotations

import asyncpg


async def take(pool: asyncpg.Pool, ticket_id: int, employee_id: int) -> bool:
    """Make a ticket one's own; False if somebody else was faster."""
    async with pool.acquire() as conn:
        done = await conn.execute(
            "UPDATE tickets SET assignee_id = $2 WHERE id = $1 AND assignee_id IS NULL", ticket_id, employee_id
        )
        return done == "UPDATE 1"
