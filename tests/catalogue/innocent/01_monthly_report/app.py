"""Monthly report for the board: revenue by country and month, over everything (runs in the night)."""

from decimal import Decimal

import psycopg

REPORT = """
    SELECT date_trunc('month', o.placed_at AT TIME ZONE 'UTC')::date AS month, c.country, count(*), sum(o.total)
    FROM orders o
    JOIN customers c ON c.id = o.customer_id
    WHERE o.status <> 'cancelled'
    GROUP BY 1, 2
    ORDER BY 1, 2
"""


def report(conn: psycopg.Connection) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """{(month, country): (orders, revenue)}"""
    with conn.transaction():
        conn.execute("SET LOCAL statement_timeout = '20min'")
        conn.execute("SET LOCAL work_mem = '512MB'")
        rows = conn.execute(REPORT).fetchall()
    return {(f"{month:%Y-%m}", country): (count, revenue) for month, country, count, revenue in rows}
