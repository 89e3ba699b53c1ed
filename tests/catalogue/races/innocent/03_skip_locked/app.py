"""A queue of exports."""

from __future__ import annotations

import asyncpg


async def work(pool: asyncpg.Pool, queue: str) -> bool:
    """Do the next job; False if there is none."""
    async with pool.acquire() as conn, conn.transaction():
        job = await conn.fetchrow(
            "SELECT id, payload FROM jobs WHERE queue = $1 AND status = 'ready' ORDER BY run_at, id "
            "FOR UPDATE SKIP LOCKED LIMIT 1",
            queue,
        )
        if job is None:
            return False
        await conn.execute("INSERT INTO emails (recipient, subject, body) VALUES ('it@acme.example', $1, '')", job["payload"])
        await conn.execute("UPDATE jobs SET status = 'done', done_at = now() WHERE id = $1", job["id"])
        return True
