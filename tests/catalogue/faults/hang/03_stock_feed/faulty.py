"""Asks all suppliers how many pieces of a product they have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import aiohttp


@dataclass
class Availability:
    sku: str
    pieces: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.pieces.values())


async def ask(session: aiohttp.ClientSession, supplier: str, url: str, sku: str) -> tuple[str, int]:
    async with session.get(f"{url}/stock/{sku}", raise_for_status=True) as response:
        data = await response.json()
    return supplier, int(data["pieces"])


async def availability(suppliers: dict[str, str], sku: str) -> Availability:
    async with aiohttp.ClientSession() as session:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(session, name, url, sku)) for name, url in suppliers.items()]
    return Availability(sku, dict(task.result() for task in tasks))
