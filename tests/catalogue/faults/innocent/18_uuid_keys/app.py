"""Password-less login: a link with a token, valid for some minutes."""

from __future__ import annotations

import asyncio
import os
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

INSERT = text(
    "INSERT INTO sessions (token, customer_id, data, expires_at) "
    "VALUES (:token, :customer, jsonb_build_object('made', CAST(:made AS text)), :expires) "
    "ON CONFLICT (token) DO NOTHING"
)


def engine_from_environment() -> AsyncEngine:
    url = os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg:///shop")
    return create_async_engine(url, poolclass=NullPool, connect_args={"timeout": 2, "command_timeout": 2})


async def login_link(engine: AsyncEngine, customer_id: int) -> str:
    now = datetime.now(UTC)
    values = {
        "token": str(uuid.uuid4()),
        "customer": customer_id,
        "made": now.isoformat(),
        "expires": now + timedelta(minutes=10),
    }
    for pause in (0.1, 0.4, None):
        try:
            async with engine.begin() as conn:
                await conn.execute(INSERT, values)
            break
        except (DBAPIError, OSError):
            if pause is None:
                raise
            await asyncio.sleep(pause)
    return f"https://shop.example/login/{values['token']}"
