"""Exchange rates, by day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Engine, text

FIND = text("SELECT rate FROM exchange_rates WHERE currency = :currency AND day = :day FOR UPDATE")
INSERT = text("INSERT INTO exchange_rates (currency, day, rate) VALUES (:currency, :day, :rate)")
UPDATE = text("UPDATE exchange_rates SET rate = :rate WHERE currency = :currency AND day = :day")


def store(engine: Engine, currency: str, day: date, rate: Decimal) -> None:
    values = {"currency": currency, "day": day, "rate": rate}
    with engine.begin() as conn:
        if conn.execute(FIND, values).first() is None:
            conn.execute(INSERT, values)
        else:
            conn.execute(UPDATE, values)
