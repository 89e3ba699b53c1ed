"""Tells partners about new orders: at once if possible, else by the queue."""

from __future__ import annotations

import json

import aiohttp
import asyncpg

TIMEOUT = aiohttp.ClientTimeout(total=2)


async def _post(session: aiohttp.ClientSession, url: str, event: dict[str, object]) -> None:
    async with session.post(url, json=event, timeout=TIMEOUT) as response:
        response.raise_for_status()


async def _enqueue(conn: asyncpg.Connection, url: str, event: dict[str, object]) -> None:
    await conn.execute(
        "INSERT INTO jobs (queue, payload) VALUES ('webhooks', $1)", json.dumps({"url": url, "event": event}), timeout=2
    )


async def drain(conn: asyncpg.Connection, session: aiohttp.ClientSession) -> int:
    """What the worker does each minute: send what is queued."""
    jobs = await conn.fetch(
        "SELECT id, payload FROM jobs WHERE queue = 'webhooks' AND status = 'ready' ORDER BY id", timeout=2
    )
    for job in jobs:
        payload = json.loads(job["payload"])
        await _post(session, payload["url"], payload["event"])
        await conn.execute("DELETE FROM jobs WHERE id = $1", job["id"], timeout=2)
    return len(jobs)


async def notify(conn: asyncpg.Connection, session: aiohttp.ClientSession, url: str, order: str) -> None:
    event = {"type": "order.created", "order": order}
    try:
        await _post(session, url, event)
    except (aiohttp.ClientError, TimeoutError):
        await _enqueue(conn, url, event)
