"""Reservations."""

from __future__ import annotations

from sqlalchemy import Engine, text


class SoldOut(Exception):
    pass


def reserve(engine: Engine, product_id: int, quantity: int) -> None:
    values = {"product": product_id, "quantity": quantity}
    with engine.begin() as conn:
        free = conn.execute(
            text("SELECT quantity - reserved >= :quantity FROM inventory WHERE product_id = :product"), values
        ).scalar_one()
        if not free:
            raise SoldOut(product_id)
        conn.execute(text("UPDATE inventory SET reserved = reserved + :quantity WHERE product_id = :product"), values)
