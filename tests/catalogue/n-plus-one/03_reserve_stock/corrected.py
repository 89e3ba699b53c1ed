import os
from contextlib import closing

import psycopg2
from psycopg2.extras import execute_values

DSN = os.environ.get("DATABASE_DSN", "dbname=shop")


class OutOfStock(Exception):
    pass


def reserve(conn, warehouse_id, lines):
    """Reserve stock for all lines [(product_id, quantity), ...] or for none."""
    with conn, conn.cursor() as cur:
        done = execute_values(
            cur,
            "UPDATE inventory i SET reserved = reserved + v.quantity, updated_at = now() "
            "FROM (VALUES %s) AS v (product_id, warehouse_id, quantity) "
            "WHERE i.product_id = v.product_id AND i.warehouse_id = v.warehouse_id "
            "AND i.quantity - i.reserved >= v.quantity RETURNING i.product_id",
            [(product_id, warehouse_id, quantity) for product_id, quantity in sorted(lines)],
            template="(%s::bigint, %s::smallint, %s::integer)",
            page_size=1000,
            fetch=True,
        )
        short = sorted({product_id for product_id, _ in lines} - {row[0] for row in done})
        if short:
            raise OutOfStock(short)


def reserve_order(warehouse_id, lines):
    with closing(psycopg2.connect(DSN)) as conn:
        reserve(conn, warehouse_id, lines)
