"""A queue of jobs in the database."""

from __future__ import annotations

import json

import asyncpg

NEXT = "SELECT id, payload FROM jobs WHERE queue = $1 AND status = 'ready' ORDER BY run_at, id LIMIT 1"
CLAIM = "UPDATE jobs SET status = 'running', attempts = attempts + 1 WHERE id = $1"
DONE = "UPDATE jobs SET status = 'done', done_at = now() WHERE id = $1"


async def work_one(dsn: str, queue: str) -> str | None:
    """Claim the next job, do it, and say which it was; None if there was none."""
    conn = await asyncpg.connect(dsn)
    try:
        job = await conn.fetchrow(NEXT, queue)
        if job is None:
            return None
        await conn.execute(CLAIM, job["id"])
        task = json.loads(job["payload"])["task"]
        await conn.execute(DONE, job["id"])
        return task
    finally:
        await conn.close()
