"""Payments in other currencies."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Engine, text


def pay(engine: Engine, order_id: int, reference: str) -> Decimal:
    """Pay an order in US dollars; returns how many."""
    with engine.begin() as conn:
        total = conn.execute(text("SELECT total FROM orders WHERE id = :id"), {"id": order_id}).scalar_one()
        rate = conn.execute(
            text("SELECT rate FROM exchange_rates WHERE currency = 'USD' AND day = '2026-12-01'")
        ).scalar_one()
        amount = round(total * rate, 2)
        conn.execute(
            text(
                "INSERT INTO payments (order_id, provider, provider_ref, amount) VALUES (:order, 'usd', :reference, :amount)"
            ),
            {"order": order_id, "reference": reference, "amount": amount},
        )
        return amount


def correct(engine: Engine, rate: Decimal) -> None:
    with engine.begin() as conn:
        conn.execute(
            text("UPDATE exchange_rates SET rate = :rate WHERE currency = 'USD' AND day = '2026-12-01'"), {"rate": rate}
        )
