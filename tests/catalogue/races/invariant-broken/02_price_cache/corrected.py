"""Prices, cached in the process."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal

from sqlalchemy import Engine, text


class Prices:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cached: dict[int, Decimal] = {}
        self._changes: Counter[int] = Counter()
        self._lock = threading.Lock()

    def get(self, product_id: int) -> Decimal:
        with self._lock:
            if product_id in self.cached:
                return self.cached[product_id]
            seen = self._changes[product_id]
        with self.engine.connect() as conn:
            price = conn.execute(text("SELECT price FROM products WHERE id = :id"), {"id": product_id}).scalar_one()
        with self._lock:
            if self._changes[product_id] == seen:
                self.cached[product_id] = price
        return price

    def change(self, product_id: int, price: Decimal) -> None:
        with self.engine.begin() as conn:
            conn.execute(text("UPDATE products SET price = :price WHERE id = :id"), {"price": price, "id": product_id})
        with self._lock:
            self._changes[product_id] += 1
            self.cached.pop(product_id, None)
