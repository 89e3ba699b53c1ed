"""Recounts reserved pieces of products after a stocktaking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import asyncpg

RECOUNT = """
    UPDATE inventory SET reserved = 0, quantity = $2, updated_at = now() WHERE product_id = $1 AND warehouse_id = $3
"""


class Stocktaking:
    """Counting a shelf again gives the same result: `apply` may be repeated after an error."""

    def __init__(self, dsn: str, warehouse_id: int) -> None:
        self.dsn = dsn
        self.warehouse_id = warehouse_id

    async def apply(self, counts: Iterable[tuple[int, int]]) -> None:
        conn = await asyncpg.connect(self.dsn, timeout=2, command_timeout=2)
        try:
            async with asyncio.timeout(10), conn.transaction():
                await conn.executemany(RECOUNT, [(product, pieces, self.warehouse_id) for product, pieces in counts])
        finally:
            conn.terminate()
