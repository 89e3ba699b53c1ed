"""Stock, changed by compare and swap."""

from __future__ import annotations

from sqlalchemy import Engine, text

READ = text("SELECT quantity FROM inventory WHERE product_id = :product")
SWAP = text("UPDATE inventory SET quantity = :left WHERE product_id = :product AND quantity = :there")


def buy(engine: Engine, product_id: int, quantity: int) -> bool:
    """Take goods from the stock; False if there are not enough."""
    with engine.begin() as conn:
        there = conn.execute(READ, {"product": product_id}).scalar_one()
        if there < quantity:
            return False
        done = conn.execute(SWAP, {"product": product_id, "there": there, "left": there - quantity})
        return done.rowcount == 1
