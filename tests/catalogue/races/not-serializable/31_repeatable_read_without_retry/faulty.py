"""Moves money between a customer's points and an order's total."""

from __future__ import annotations

from sqlalchemy import Engine, text


class NotEnough(Exception):
    pass


def pay_with_points(engine: Engine, order_id: int, points: int) -> None:
    """A point is worth one cent."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn, conn.begin():
        customer_id, there = conn.execute(
            text("SELECT c.id, c.points FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.id = :id"),
            {"id": order_id},
        ).one()
        if there < points:
            raise NotEnough(f"{points} points")
        conn.execute(
            text("UPDATE customers SET points = :points WHERE id = :id"), {"points": there - points, "id": customer_id}
        )
        conn.execute(
            text("UPDATE orders SET total = total - :cents / 100.0 WHERE id = :id"), {"cents": points, "id": order_id}
        )
