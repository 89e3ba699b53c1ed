"""A queue in a table, with one statement to claim a job."""

from __future__ import annotations

import json

import asyncpg

CLAIM = """
    UPDATE jobs SET status = 'running', attempts = attempts + 1
    WHERE id = (
        SELECT id FROM jobs WHERE queue = $1 AND status = 'ready' ORDER BY run_at, id LIMIT 1
    )
    RETURNING payload
"""


async def work(pool: asyncpg.Pool, queue: str) -> str | None:
    """Do one job: a job says which mail is to be sent to whom. Returns the recipient."""
    async with pool.acquire() as conn, conn.transaction():
        payload = await conn.fetchval(CLAIM, queue)
        if payload is None:
            return None
        mail = json.loads(payload)
        await conn.execute(
            "INSERT INTO emails (recipient, subject, body) VALUES ($1, $2, '')", mail["recipient"], mail["subject"]
        )
        return mail["recipient"]
