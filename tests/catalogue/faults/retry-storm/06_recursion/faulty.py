"""Opening hours of warehouses are kept as a setting; here: which warehouse ships to a country."""

from __future__ import annotations

import logging

import asyncpg

log = logging.getLogger(__name__)


async def _query(dsn: str, country: str) -> asyncpg.Record | None:
    conn = await asyncpg.connect(dsn, timeout=1, command_timeout=1)
    try:
        return await conn.fetchrow(
            "SELECT id, name FROM warehouses WHERE country = $1 ORDER BY id DESC LIMIT 1", country
        )
    finally:
        await conn.close(timeout=1)


async def warehouse_for(dsn: str, country: str, attempt: int = 1) -> str | None:
    """The name of the newest warehouse in a country."""
    try:
        row = await _query(dsn, country)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("attempt %d failed: %s", attempt, error)
        if attempt >= 400:
            raise
        return await warehouse_for(dsn, country, attempt + 1)
    return row["name"] if row else None
