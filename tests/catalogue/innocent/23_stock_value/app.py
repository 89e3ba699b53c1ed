"""Value of the stock by warehouse: a report that has to read the whole inventory."""

from decimal import Decimal

import asyncpg

QUERY = """
    SELECT w.name, sum(i.quantity * p.price) AS value
    FROM inventory i
    JOIN products p ON p.id = i.product_id
    JOIN warehouses w ON w.id = i.warehouse_id
    GROUP BY w.id
    ORDER BY w.name, w.id
"""


async def stock_value(dsn: str) -> list[tuple[str, Decimal]]:
    """Run by the accountants at the end of the month."""
    conn = await asyncpg.connect(dsn, server_settings={"statement_timeout": "10min", "work_mem": "256MB"})
    try:
        return [(row["name"], row["value"]) for row in await conn.fetch(QUERY, timeout=900)]
    finally:
        await conn.close()
