from __future__ import annotations

import asyncio

import aiohttp
import asyncpg

TIMEOUT = aiohttp.ClientTimeout(total=1)


async def service_up(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/health", timeout=TIMEOUT) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def database_up(dsn: str) -> bool:
    try:
        conn = await asyncpg.connect(dsn, timeout=1, command_timeout=1)
        try:
            return await conn.fetchval("SELECT NOT pg_is_in_recovery()")
        finally:
            conn.terminate()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def health(dsn: str, services: dict[str, str]) -> dict[str, bool]:
    """For the load balancer, which counts three bad answers before it acts."""
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(database_up(dsn), *(service_up(session, url) for url in services.values()))
    return dict(zip(["database", *services], answers))
