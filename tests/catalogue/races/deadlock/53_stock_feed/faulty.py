"""Books deliveries that suppliers announce in their feeds."""

from contextlib import closing

import psycopg2

UPSERT = """
    INSERT INTO inventory (product_id, warehouse_id, quantity) VALUES (%s, %s, %s)
    ON CONFLICT (product_id, warehouse_id)
    DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity, updated_at = now()
"""


def book_delivery(dsn, warehouse_id, pieces):
    """Add the delivered pieces, a dict of product id -> quantity; all of them or none. Returns how many pieces."""
    with closing(psycopg2.connect(dsn)) as conn:
        with conn, conn.cursor() as cur:
            for product_id, quantity in pieces.items():
                cur.execute(UPSERT, (product_id, warehouse_id, quantity))
    return sum(pieces.values())
