"""Chat between customers and agents; agents sit in trains, so sending is tried again."""

from __future__ import annotations

import asyncio

import asyncpg

TRANSIENT = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, TimeoutError)

INSERT = "INSERT INTO messages (ticket_id, author, body) VALUES ($1, $2, $3)"


class Chat:
    def __init__(self, dsn: str, author: str, attempts: int = 3) -> None:
        self.dsn = dsn
        self.author = author
        self.attempts = attempts

    async def _insert(self, *values: object) -> None:
        conn = await asyncpg.connect(self.dsn, timeout=2, command_timeout=2)
        try:
            await conn.execute(INSERT, *values)
        finally:
            conn.terminate()

    async def send(self, ticket_id: int, body: str) -> str:
        """Send a message; returns the state that the bubble shows."""
        body = body.strip()
        if not body:
            return "empty"
        for attempt in range(self.attempts):
            try:
                await self._insert(ticket_id, self.author, body)
                return "delivered"
            except TRANSIENT:
                await asyncio.sleep(0.05 * 3**attempt)
        return "failed"
