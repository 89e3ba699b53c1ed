"""Prices in other currencies."""

from __future__ import annotations

from decimal import Decimal

import asyncpg


async def rate(pool: asyncpg.Pool, currency: str) -> Decimal:
    found = await pool.fetchval(
        "SELECT rate FROM exchange_rates WHERE currency = $1 ORDER BY day DESC LIMIT 1", currency
    )
    return found or Decimal(1)


async def convert(pool: asyncpg.Pool, product_id: int, currency: str) -> Decimal:
    """Give a product a price in another currency, and return it."""
    async with pool.acquire() as conn, conn.transaction():
        price = await conn.fetchval("SELECT price FROM products WHERE id = $1 FOR UPDATE", product_id)
        price = round(price * await rate(pool, currency), 2)
        await conn.execute("UPDATE products SET price = $2, currency = $3 WHERE id = $1", product_id, price, currency)
        return price
