"""Moves stock between warehouses."""

from __future__ import annotations

import psycopg

MOVE = """
    UPDATE inventory SET quantity = quantity + %s, updated_at = now()
    WHERE product_id = %s AND warehouse_id = %s RETURNING quantity
"""


class OutOfStock(Exception):
    pass


def move_stock(dsn: str, product_id: int, source: int, target: int, quantity: int) -> int:
    """Move pieces of a product; returns what is left at the source."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SELECT 1 FROM products WHERE id = %s FOR UPDATE", (product_id,))
        left = conn.execute(MOVE, (-quantity, product_id, source)).fetchone()[0]
        if left < 0:
            raise OutOfStock(f"less than {quantity} of product {product_id} in warehouse {source}")
        conn.execute(MOVE, (quantity, product_id, target))
        return left
