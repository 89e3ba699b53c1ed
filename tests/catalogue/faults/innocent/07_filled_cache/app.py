"""Currencies change once in a decade."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

_digits: dict[str, int] = {}


async def digits(pool: asyncpg.Pool, currency: str) -> int:
    """Digits after the point."""
    if currency not in _digits:
        row = await pool.fetchrow("SELECT digits FROM currencies WHERE code = $1", currency, timeout=2)
        if row is None:
            raise LookupError(f"no currency {currency}")
        _digits[currency] = row["digits"]
    return _digits[currency]


async def display(pool: asyncpg.Pool, amount: Decimal, currency: str) -> str:
    places = await digits(pool, currency)
    return f"{amount:.{places}f} {currency}"
