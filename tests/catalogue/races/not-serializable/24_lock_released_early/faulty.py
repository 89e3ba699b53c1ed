"""Stock of the shop's only warehouse."""

from __future__ import annotations

import psycopg


class SoldOut(Exception):
    pass


def reserve(dsn: str, product_id: int, quantity: int) -> None:
    """Reserve goods for an order."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        with conn.transaction():
            row = conn.execute(
                "SELECT quantity, reserved FROM inventory WHERE product_id = %s FOR UPDATE", (product_id,)
            ).fetchone()
        if row[0] - row[1] < quantity:
            raise SoldOut(product_id)
        conn.execute("UPDATE inventory SET reserved = reserved + %s WHERE product_id = %s", (quantity, product_id))
