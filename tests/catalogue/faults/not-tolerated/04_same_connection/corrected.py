"""Archives delivered orders."""

from __future__ import annotations

import asyncio
import logging

import asyncpg

log = logging.getLogger(__name__)

ARCHIVE = """
    UPDATE orders SET archived = true
    WHERE customer_id = $1 AND status = 'delivered' AND NOT archived
"""
LEFT = "SELECT count(*) FROM orders WHERE customer_id = $1 AND NOT archived"
PAUSES = (0.1, 0.3, 0.9)


async def _archive(conn: asyncpg.Connection, customer_id: int) -> int:
    async with conn.transaction():
        await conn.execute(ARCHIVE, customer_id)
        return await conn.fetchval(LEFT, customer_id)


async def archive(dsn: str, customer_id: int) -> int:
    """Archive what was delivered; returns how many orders are left."""
    for pause in (*PAUSES, None):
        try:
            conn = await asyncpg.connect(dsn, timeout=2, command_timeout=2)
            try:
                return await _archive(conn, customer_id)
            finally:
                conn.terminate()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if pause is None:
                raise
            log.warning("again in %.1f s: %s", pause, error)
            await asyncio.sleep(pause)
    raise AssertionError("unreachable")
