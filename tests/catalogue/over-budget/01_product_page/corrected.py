"""Data of the product page."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

QUERY = """
    SELECT p.name, p.price || ' ' || p.currency AS price, c.name AS category, t.name AS seller, s.stock, r.stars, r.reviews
    FROM products p
    JOIN tenants t ON t.id = p.tenant_id
    LEFT JOIN categories c ON c.id = p.category_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(quantity - reserved), 0) AS stock FROM inventory WHERE product_id = p.id
    ) s
    CROSS JOIN LATERAL (
        SELECT round(avg(stars), 1)::float AS stars, count(*) AS reviews FROM reviews WHERE product_id = p.id AND approved
    ) r
    WHERE p.id = %s
"""


class ProductPage:
    def __init__(self, conn: psycopg.Connection, product_id: int) -> None:
        self.conn = conn
        self.product_id = product_id

    def context(self) -> dict[str, Any]:
        """Everything that the template needs."""
        with self.conn.cursor(row_factory=dict_row) as cur:
            return cur.execute(QUERY, (self.product_id,)).fetchone()
