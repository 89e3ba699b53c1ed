"""Marks tickets as seen, for all agents of a shift."""

import asyncio
from collections.abc import Iterable

import asyncpg


ASSIGN = """
    UPDATE tickets t SET assignee_id = v.employee, updated_at = now()
    FROM unnest($1::bigint[], $2::bigint[]) AS v (ticket, employee)
    WHERE t.id = v.ticket
"""


async def hand_over(pool: asyncpg.Pool, assignments: Iterable[tuple[int, int]]) -> dict[str, int]:
    """Assign each ticket to an employee; tells how many were handed over."""
    pairs = list(assignments)
    async with asyncio.timeout(3), pool.acquire(timeout=2) as conn:
        await conn.execute(ASSIGN, [ticket for ticket, _ in pairs], [employee for _, employee in pairs])
    return {"assigned": len(pairs)}
