"""Reservations."""

from __future__ import annotations

from sqlalchemy import Engine, text


class SoldOut(Exception):
    pass


def reserve(engine: Engine, product_id: int, quantity: int) -> None:
    values = {"product": product_id, "quantity": quantity}
    with engine.begin() as conn:
        done = conn.execute(
            text(
                "UPDATE inventory SET reserved = reserved + :quantity "
                "WHERE product_id = :product AND quantity - reserved >= :quantity"
            ),
            values,
        )
        if done.rowcount == 0:
            raise SoldOut(product_id)
