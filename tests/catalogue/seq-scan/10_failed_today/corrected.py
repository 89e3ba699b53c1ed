"""Failed payments of a day, for the finance channel."""

import datetime as dt

import asyncpg


async def failed_payments(conn: asyncpg.Connection, day: dt.date) -> list[asyncpg.Record]:
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return await conn.fetch(
        """
        SELECT id, order_id, provider, amount
        FROM payments
        WHERE created_at >= $1 AND created_at < $2 AND status = 'failed'
        ORDER BY id
        """,
        start,
        start + dt.timedelta(days=1),
    )


async def message(conn: asyncpg.Connection, day: dt.date) -> str:
    """The text that is posted to the channel."""
    rows = await failed_payments(conn, day)
    if not rows:
        return f"{day:%d.%m.}: no failed payments"
    total = sum(row["amount"] for row in rows)
    return f"{day:%d.%m.}: {len(rows)} failed payments, {total} in total"
