"""Converts prices with the bank's rate of today."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import aiohttp

ATTEMPTS = 4


class NoRate(Exception):
    pass


async def _rate(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    async with session.get(url) as response:
        if response.status != 200:
            return response.status, ""
        return response.status, (await response.json())["rate"]


async def rate(bank: str, currency: str) -> Decimal:
    timeout = aiohttp.ClientTimeout(total=1.5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for attempt in range(ATTEMPTS):
            try:
                status, value = await _rate(session, f"{bank}/rate/{currency}")
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                status = 0
            if status == 200:
                return Decimal(value)
            if 400 <= status < 500 and status != 429:
                raise NoRate(f"{currency}: status {status}")
            await asyncio.sleep(random.uniform(0.5, 1) * 0.2 * 3**attempt)
    raise NoRate(f"{currency}: {ATTEMPTS} attempts")


async def convert(bank: str, amount: Decimal, currency: str) -> Decimal:
    return (amount * await rate(bank, currency)).quantize(Decimal("0.01"))
