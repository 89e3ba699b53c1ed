"""Notes of agents on tickets."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


class Notes:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions

    async def add(self, ticket_id: int, author: str, body: str) -> None:
        """Add a note; the ticket moves up in the list."""
        async with self.sessions() as session:
            await session.execute(
                text("INSERT INTO messages (ticket_id, author, body, internal) VALUES (:ticket, :author, :body, true)"),
                {"ticket": ticket_id, "author": author, "body": body},
            )
            await session.execute(text("UPDATE tickets SET updated_at = now() WHERE id = :id"), {"id": ticket_id})
            await session.commit()

    async def close(self) -> None:
        pass
