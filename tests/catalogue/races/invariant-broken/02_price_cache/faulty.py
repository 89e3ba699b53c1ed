"""Prices, cached in the process."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Engine, text


class Prices:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cached: dict[int, Decimal] = {}

    def get(self, product_id: int) -> Decimal:
        if product_id not in self.cached:
            with self.engine.connect() as conn:
                query = text("SELECT price FROM products WHERE id = :id")
                self.cached[product_id] = conn.execute(query, {"id": product_id}).scalar_one()
        return self.cached[product_id]

    def change(self, product_id: int, price: Decimal) -> None:
        with self.engine.begin() as conn:
            conn.execute(text("UPDATE products SET price = :price WHERE id = :id"), {"price": price, "id": product_id})
        self.cached.pop(product_id, None)
