"""Writes audit events with a few workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import NamedTuple

import asyncpg


class Event(NamedTuple):
    entity_type: str
    entity_id: int
    action: str
    payload: dict


class Writer:
    def __init__(self, pool: asyncpg.Pool, tenant_id: int, workers: int = 2) -> None:
        self.pool = pool
        self.tenant_id = tenant_id
        self.workers = workers
        self.queue: asyncio.Queue[Event] = asyncio.Queue()
        self.errors: list[Exception] = []

    async def _store(self, event: Event) -> None:
        await self.pool.execute(
            "INSERT INTO events (tenant_id, entity_type, entity_id, action, payload) VALUES ($1, $2, $3, $4, $5)",
            self.tenant_id,
            event.entity_type,
            event.entity_id,
            event.action,
            json.dumps(event.payload),
            timeout=2,
        )

    async def _work(self) -> None:
        while True:
            event = await self.queue.get()
            try:
                await self._store(event)
            except Exception as error:
                self.errors.append(error)
            finally:
                self.queue.task_done()

    async def write(self, events: Iterable[Event]) -> None:
        """Returns when all events are stored."""
        for event in events:
            self.queue.put_nowait(event)
        tasks = [asyncio.create_task(self._work()) for _ in range(self.workers)]
        try:
            await self.queue.join()
        finally:
            for task in tasks:
                task.cancel()
        if self.errors:
            raise ExceptionGroup("events were not stored", self.errors)
