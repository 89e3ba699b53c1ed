"""Waits until a job is done."""

import asyncio

import asyncpg


class JobFailed(Exception):
    pass


async def wait_for(conn: asyncpg.Connection, job_id: int, *, every: float = 0.02, timeout: float = 10) -> None:
    async with asyncio.timeout(timeout):
        while True:
            status = await conn.fetchval("SELECT status FROM jobs WHERE id = $1", job_id)
            if status == "failed":
                raise JobFailed(job_id)
            if status == "done":
                return
            await asyncio.sleep(every)
