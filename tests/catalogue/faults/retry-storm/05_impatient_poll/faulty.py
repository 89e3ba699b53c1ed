"""Renders an invoice with the document service and fetches it when it is ready."""

from __future__ import annotations

import asyncio

import aiohttp


class RenderingFailed(Exception):
    pass


class Documents:
    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self.session = session
        self.base_url = base_url

    async def order(self, name: str, text: str) -> None:
        async with self.session.put(f"{self.base_url}/documents/{name}", json={"text": text}) as response:
            response.raise_for_status()

    async def fetch(self, name: str) -> bytes:
        while True:
            try:
                async with self.session.get(f"{self.base_url}/documents/{name}") as response:
                    if response.status == 200:
                        return await response.read()
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0)


async def render(base_url: str, name: str, text: str) -> bytes:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        documents = Documents(session, base_url)
        await documents.order(name, text)
        return await documents.fetch(name)
