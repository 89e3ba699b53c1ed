"""A unit of work around an async session."""

from __future__ import annotations

import logging
from types import TracebackType

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

logger = logging.getLogger(__name__)


class UnitOfWork:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> AsyncSession:
        self.session = AsyncSession(self._engine)
        return self.session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            if error is None:
                await self.session.commit()
            else:
                logger.error("rolled back", exc_info=error)
                await self.session.rollback()
        finally:
            await self.session.close()
        return True


async def extend_session(engine: AsyncEngine, token: str, minutes: int = 30) -> str:
    """Keep a customer logged in; returns the cookie to set."""
    async with UnitOfWork(engine) as session:
        await session.execute(
            text("UPDATE sessions SET expires_at = now() + make_interval(mins => :m) WHERE token = :token"),
            {"m": minutes, "token": token},
        )
        await session.execute(
            text(
                "UPDATE customers SET last_seen = now() "
                "WHERE id = (SELECT customer_id FROM sessions WHERE token = :token)"
            ),
            {"token": token},
        )
    return f"sid={token}; Max-Age={minutes * 60}; HttpOnly"
