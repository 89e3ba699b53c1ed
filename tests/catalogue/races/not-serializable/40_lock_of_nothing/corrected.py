"""Exchange rates, by day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Engine, text

UPSERT = text(
    "INSERT INTO exchange_rates (currency, day, rate) VALUES (:currency, :day, :rate) "
    "ON CONFLICT (currency, day) DO UPDATE SET rate = EXCLUDED.rate"
)


def store(engine: Engine, currency: str, day: date, rate: Decimal) -> None:
    values = {"currency": currency, "day": day, "rate": rate}
    with engine.begin() as conn:
        conn.execute(UPSERT, values)
