"""Hall of fame on the platform's start page: the best days that any shop ever had."""

import os
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import psycopg


class Record(NamedTuple):
    tenant_id: int
    day: date
    revenue: Decimal


QUERY = """
    SELECT tenant_id, day, revenue
    FROM daily_sales
    ORDER BY revenue DESC
    LIMIT %s
"""


def record_days(conn: psycopg.Connection, limit: int = 10) -> list[Record]:
    """The days with the highest revenue of one shop, as of the last refresh of daily_sales."""
    return [Record(*row) for row in conn.execute(QUERY, (limit,))]


def headline() -> str:
    with psycopg.connect(os.environ["DATABASE_DSN"]) as conn:
        best = record_days(conn, limit=1)
    return f"Record: {best[0].revenue:,.0f} on {best[0].day:%d %B %Y}" if best else "No records yet"
