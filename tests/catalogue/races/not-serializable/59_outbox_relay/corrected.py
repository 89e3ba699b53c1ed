"""Relays queued mails of the outbox as webhook deliveries."""

from __future__ import annotations

import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

QUEUED = text(
    "SELECT id FROM emails WHERE status = 'queued' AND recipient LIKE :domain ORDER BY id LIMIT 50 FOR UPDATE"
)
DELIVER = text("""
    INSERT INTO webhook_deliveries (tenant_id, payload)
    SELECT :tenant, jsonb_build_object('to', recipient, 'subject', subject) FROM emails WHERE id = ANY(:ids)
""")
SENT = text("UPDATE emails SET status = 'sent', sent_at = now() WHERE id = ANY(:ids)")


def make_engine() -> AsyncEngine:
    url = os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg:///shop")
    return create_async_engine(url)


async def relay(engine: AsyncEngine, tenant_id: int, domain: str) -> int:
    """Deliver what is queued for a domain; returns how many mails that were."""
    async with engine.begin() as conn:
        ids = list((await conn.execute(QUEUED, {"domain": f"%@{domain}"})).scalars())
        if ids:
            await conn.execute(DELIVER, {"tenant": tenant_id, "ids": ids})
            await conn.execute(SENT, {"ids": ids})
        return len(ids)
