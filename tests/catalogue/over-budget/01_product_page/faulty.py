"""Data of the product page."""

from typing import Any

import psycopg


class ProductPage:
    def __init__(self, conn: psycopg.Connection, product_id: int) -> None:
        self.conn = conn
        self.product_id = product_id

    def _value(self, query: str) -> Any:
        row = self.conn.execute(query, {"id": self.product_id}).fetchone()  # <- here
        return row[0] if row else None

    @property
    def name(self) -> str:
        return self._value("SELECT name FROM products WHERE id = %(id)s")

    @property
    def price(self) -> str:
        amount = self._value("SELECT price FROM products WHERE id = %(id)s")
        currency = self._value("SELECT currency FROM products WHERE id = %(id)s")
        return f"{amount} {currency}"

    @property
    def category(self) -> str | None:
        return self._value(
            "SELECT c.name FROM products p JOIN categories c ON c.id = p.category_id WHERE p.id = %(id)s"
        )

    @property
    def seller(self) -> str:
        return self._value("SELECT t.name FROM products p JOIN tenants t ON t.id = p.tenant_id WHERE p.id = %(id)s")

    @property
    def stock(self) -> int:
        return self._value("SELECT coalesce(sum(quantity - reserved), 0) FROM inventory WHERE product_id = %(id)s")

    @property
    def stars(self) -> float | None:
        mean = self._value("SELECT avg(stars) FROM reviews WHERE product_id = %(id)s AND approved")
        return round(float(mean), 1) if mean is not None else None

    @property
    def reviews(self) -> int:
        return self._value("SELECT count(*) FROM reviews WHERE product_id = %(id)s AND approved")

    def context(self) -> dict[str, Any]:
        """Everything that the template needs."""
        names = ("name", "price", "category", "seller", "stock", "stars", "reviews")
        return {name: getattr(self, name) for name in names}
