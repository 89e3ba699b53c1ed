"""Refreshes a tenant's coupons from marketing; two refreshes never overlap."""

from __future__ import annotations

import os
from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool


class Busy(Exception):
    pass


running: set[str] = set()


def make_engine() -> AsyncEngine:
    url = os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg:///shop")
    return create_async_engine(url, poolclass=NullPool, connect_args={"timeout": 2, "command_timeout": 2})


async def _store(engine: AsyncEngine, tenant: str, coupons: Iterable[tuple[str, int]]) -> int:
    async with engine.begin() as conn:
        result = await conn.execute(
            text(
                "INSERT INTO coupons (tenant_id, code, percent) SELECT t.id, c.code, c.percent "
                "FROM tenants t CROSS JOIN unnest(CAST(:codes AS text[]), CAST(:percents AS smallint[])) AS c (code, percent) "
                "WHERE t.slug = :slug ON CONFLICT (tenant_id, code) DO UPDATE SET percent = excluded.percent"
            ),
            {"slug": tenant, "codes": [code for code, _ in coupons], "percents": [percent for _, percent in coupons]},
        )
        return result.rowcount


async def refresh(engine: AsyncEngine, tenant: str, coupons: list[tuple[str, int]]) -> int:
    if tenant in running:
        raise Busy(tenant)
    running.add(tenant)
    stored = await _store(engine, tenant, coupons)
    running.discard(tenant)
    return stored
