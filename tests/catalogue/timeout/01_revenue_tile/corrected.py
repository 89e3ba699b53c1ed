"""Revenue tile on the platform's start page."""

import os
from datetime import date, timedelta
from decimal import Decimal

import psycopg


def revenue_since(conn: psycopg.Connection, day: date) -> Decimal:
    """Revenue of all tenants since this day, in the shop's currency, as of the last refresh of daily_sales."""
    row = conn.execute("SELECT coalesce(sum(revenue), 0) FROM daily_sales WHERE day >= %s", (day,)).fetchone()
    return row[0]


def tile(day: date) -> str:
    with psycopg.connect(os.environ["DATABASE_DSN"]) as conn:
        revenue = revenue_since(conn, day - timedelta(days=29))
    return f"{revenue:,.0f} in 30 days"
