"""Moves old mails to the archive, page after page."""

from __future__ import annotations

import json
from typing import AsyncIterator, Protocol

import asyncpg


class Storage(Protocol):
    async def put(self, key: str, body: bytes) -> None: ...


QUERY = """
    SELECT id, recipient, subject, body, sent_at
    FROM emails
    WHERE id > $2
    ORDER BY id
    LIMIT $1
"""


async def pages(conn: asyncpg.Connection, size: int) -> AsyncIterator[list[asyncpg.Record]]:
    last = 0
    while rows := await conn.fetch(QUERY, size, last):
        yield rows
        last = rows[-1]["id"]


async def archive(conn: asyncpg.Connection, storage: Storage, size: int = 1000) -> int:
    """Write all mails as JSON lines; returns the number of files."""
    files = 0
    async for rows in pages(conn, size):
        lines = (json.dumps(dict(row), default=str) for row in rows)
        await storage.put(f"mails-{rows[0]['id']}.jsonl", "\n".join(lines).encode())
        files += 1
    return files
