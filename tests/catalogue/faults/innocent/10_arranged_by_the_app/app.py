"""Sessions of logged-in customers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import asyncpg


@dataclass
class Sessions:
    conn: asyncpg.Connection

    async def open(self, customer_id: int, minutes: int = 30) -> str:
        token = secrets.token_hex(16)
        await self.conn.execute(
            "INSERT INTO sessions (token, customer_id, expires_at) VALUES ($1, $2, now() + make_interval(mins => $3))",
            token,
            customer_id,
            minutes,
            timeout=2,
        )
        return token

    async def customer(self, token: str) -> int | None:
        return await self.conn.fetchval(
            "SELECT customer_id FROM sessions WHERE token = $1 AND expires_at > now()", token, timeout=2
        )

    async def close_others(self, token: str) -> int:
        """Log a customer out everywhere else."""
        done = await self.conn.execute(
            "DELETE FROM sessions s USING sessions mine "
            "WHERE mine.token = $1 AND s.customer_id = mine.customer_id AND s.token <> $1",
            token,
            timeout=2,
        )
        return int(done.split()[-1])
