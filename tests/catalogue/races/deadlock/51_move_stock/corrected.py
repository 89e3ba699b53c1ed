"""Moves stock between warehouses."""

from __future__ import annotations

import psycopg

LOCK = """
    SELECT warehouse_id FROM inventory
    WHERE product_id = %s AND warehouse_id = ANY(%s)
    ORDER BY warehouse_id FOR UPDATE
"""


class OutOfStock(Exception):
    pass


def move_stock(dsn: str, product_id: int, source: int, target: int, quantity: int) -> None:
    """Move `quantity` pieces from one warehouse to another."""
    with psycopg.connect(dsn) as conn:
        conn.execute(LOCK, (product_id, [source, target]))
        taken = conn.execute(
            "UPDATE inventory SET quantity = quantity - %(n)s, updated_at = now() "
            "WHERE product_id = %(product)s AND warehouse_id = %(warehouse)s AND quantity >= %(n)s",
            {"n": quantity, "product": product_id, "warehouse": source},
        )
        if taken.rowcount == 0:
            raise OutOfStock(f"less than {quantity} of product {product_id} in warehouse {source}")
        conn.execute(
            "UPDATE inventory SET quantity = quantity + %(n)s, updated_at = now() "
            "WHERE product_id = %(product)s AND warehouse_id = %(warehouse)s",
            {"n": quantity, "product": product_id, "warehouse": target},
        )
