"""Back office of the support desk."""

from __future__ import annotations

import asyncpg


async def close_open(dsn: str, tenant_id: int) -> int:
    """Close all open tickets of a tenant that leaves; returns how many."""
    conn = await asyncpg.connect(dsn)
    try:
        tag = await conn.execute(
            "UPDATE tickets SET status = 'closed', updated_at = now() WHERE tenant_id = $1 AND status = 'open'",
            tenant_id,
        )
        return int(tag.split()[-1])
    finally:
        await conn.close()


async def assign(dsn: str, employee_id: int, ticket_ids: list[int]) -> None:
    """Give tickets to an employee, all of them or none."""
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            for ticket_id in ticket_ids:
                await conn.execute(
                    "UPDATE tickets SET assignee_id = $1, updated_at = now() WHERE id = $2", employee_id, ticket_id
                )
    finally:
        await conn.close()
