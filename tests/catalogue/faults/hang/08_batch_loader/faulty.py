"""Joins lookups that happen in the same tick of the loop to one query (as GraphQL resolvers need it)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

QUERY = text("SELECT id, name FROM products WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))


class ProductNames:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: dict[int, asyncio.Future[str | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, product_id: int) -> str | None:
        loop = asyncio.get_running_loop()
        future = self._waiting.setdefault(product_id, loop.create_future())
        if self._task is None:
            self._task = loop.create_task(self._dispatch())
        return await future

    async def load_many(self, product_ids: Sequence[int]) -> list[str | None]:
        return list(await asyncio.gather(*(self.load(product_id) for product_id in product_ids)))

    async def _fetch(self, ids: list[int]) -> dict[int, str]:
        async with self._engine.connect() as conn:
            return {row.id: row.name for row in await conn.execute(QUERY, {"ids": ids})}

    async def _dispatch(self) -> None:
        await asyncio.sleep(0)
        waiting, self._waiting, self._task = self._waiting, {}, None
        names = await self._fetch(list(waiting))
        for product_id, future in waiting.items():
            future.set_result(names.get(product_id))
