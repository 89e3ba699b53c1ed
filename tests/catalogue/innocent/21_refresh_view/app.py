"""Refreshes the sales figures (every ten minutes, from cron)."""

import os

from sqlalchemy import create_engine, text

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"))


def refresh() -> None:
    with engine.begin() as conn:
        conn.execute(text("SET LOCAL statement_timeout = '8min'"))
        conn.execute(text("SELECT refresh_daily_sales()"))


def sales(tenant_id: int, days: int = 30) -> list[tuple[str, int]]:
    query = text(
        "SELECT day, orders FROM daily_sales WHERE tenant_id = :tenant AND day > current_date - :days ORDER BY day"
    )
    with engine.connect() as conn:
        return [(f"{day:%d.%m.}", orders) for day, orders in conn.execute(query, {"tenant": tenant_id, "days": days})]
