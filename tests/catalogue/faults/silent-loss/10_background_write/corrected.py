"""Answers a visitor at once, and notes the visit beside."""

from __future__ import annotations

import asyncio

import psycopg

_running: set[asyncio.Task[None]] = set()


async def _note(dsn: str, customer_id: int) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=3) as conn:
        await conn.execute("UPDATE customers SET last_seen = now(), points = points + 1 WHERE id = %s", (customer_id,))


def visit(dsn: str, customer_id: int) -> str:
    """The greeting; the visitor's point is stored until `shutdown` returns."""
    task = asyncio.create_task(_note(dsn, customer_id))
    _running.add(task)
    return "Welcome back!"


async def shutdown() -> None:
    """Waits for what is under way."""
    tasks = list(_running)
    _running.clear()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [result for result in results if isinstance(result, Exception)]
    if errors:
        raise ExceptionGroup("visits were not stored", errors)
