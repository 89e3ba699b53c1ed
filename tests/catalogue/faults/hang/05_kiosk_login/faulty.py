"""Customers log in at a kiosk in the shop."""

from __future__ import annotations

import secrets

import asyncpg


class UnknownCustomer(Exception):
    pass


async def _connect(dsn: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn)


async def login(dsn: str, tenant_id: int, email: str) -> str:
    """Returns the session's token."""
    token = secrets.token_urlsafe(24)
    conn = await _connect(dsn)
    try:
        customer_id = await conn.fetchval(
            "SELECT id FROM customers WHERE tenant_id = $1 AND email = $2 AND deleted_at IS NULL", tenant_id, email
        )
        if customer_id is None:
            raise UnknownCustomer(email)
        await conn.execute(
            "INSERT INTO sessions (token, customer_id, expires_at) VALUES ($1, $2, now() + interval '10 minutes')",
            token,
            customer_id,
        )
    finally:
        await conn.close()
    return token
