import os
from contextlib import closing

import psycopg2
from psycopg2.extras import execute_values

DSN = os.environ.get("DATABASE_DSN", "dbname=shop")


class OutOfStock(Exception):
    pass


def reserve(conn, warehouse_id, lines):
    """Reserve stock for all lines [(product_id, quantity), ...] or for none."""
    short = []
    with conn, conn.cursor() as cur:
        for product_id, quantity in sorted(lines):
            cur.execute(  # <- here
                "UPDATE inventory SET reserved = reserved + %s, updated_at = now() "
                "WHERE product_id = %s AND warehouse_id = %s AND quantity - reserved >= %s",
                (quantity, product_id, warehouse_id, quantity),
            )
            if cur.rowcount == 0:
                short.append(product_id)
        if short:
            raise OutOfStock(short)


def reserve_order(warehouse_id, lines):
    with closing(psycopg2.connect(DSN)) as conn:
        reserve(conn, warehouse_id, lines)
