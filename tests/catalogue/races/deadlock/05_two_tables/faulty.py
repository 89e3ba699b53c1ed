"""Orders of one product each, and its stock."""

import psycopg2

STATUS = "UPDATE orders SET status = %s WHERE id = %s AND status = 'pending'"
RESERVED = "UPDATE inventory SET reserved = reserved - 1 WHERE product_id = %s"
PICKED = "UPDATE inventory SET reserved = reserved - 1, quantity = quantity - 1 WHERE product_id = %s"


def cancel(dsn, order_id, product_id):
    """Cancel a pending order; its goods are free again."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(STATUS, ("cancelled", order_id))
            if cur.rowcount == 0:
                return False
            cur.execute(RESERVED, (product_id,))
            return True
    finally:
        conn.close()


def pick(dsn, order_id, product_id):
    """Take the goods of a pending order from the shelf."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(PICKED, (product_id,))
            cur.execute(STATUS, ("picked", order_id))
            if cur.rowcount == 0:
                conn.rollback()
                return False
            return True
    finally:
        conn.close()
