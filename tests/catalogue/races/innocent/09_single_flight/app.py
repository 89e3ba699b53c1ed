"""VAT by country, read once."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import asyncpg


class Vat:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._rates: dict[str, Decimal] | None = None
        self._lock = asyncio.Lock()

    async def _all(self) -> dict[str, Decimal]:
        if self._rates is None:
            async with self._lock:
                if self._rates is None:
                    rows = await self.pool.fetch("SELECT code, vat FROM countries WHERE code IN ('DE', 'AT')")
                    self._rates = {row["code"]: row["vat"] for row in rows}
        return self._rates

    async def gross(self, net: Decimal, country: str) -> Decimal:
        rates = await self._all()
        return round(net * (1 + rates[country] / 100), 2)
