"""Assigns tickets, with a log that is kept even if that fails."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

LOG = text("INSERT INTO messages (ticket_id, author, body, internal) VALUES (:ticket, 'system', :body, true)")
ASSIGN = text("UPDATE tickets SET priority = :priority WHERE id = :ticket AND status = 'open'")


async def log(sessions: async_sessionmaker[AsyncSession], ticket_id: int, body: str) -> None:
    async with sessions() as session, session.begin():
        await session.execute(LOG, {"ticket": ticket_id, "body": body})


async def escalate(sessions: async_sessionmaker[AsyncSession], ticket_id: int) -> bool:
    """Put a ticket first; False if it is not open."""
    async with sessions() as session, session.begin():
        done = await session.execute(ASSIGN, {"ticket": ticket_id, "priority": 1})
    await log(sessions, ticket_id, "escalated" if done.rowcount else "not open")
    return bool(done.rowcount)
