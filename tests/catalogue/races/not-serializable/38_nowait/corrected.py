"""Points at the till."""

import psycopg2


class NotEnough(Exception):
    pass


def pay(dsn, customer_id, points):
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT points FROM customers WHERE id = %s FOR UPDATE", (customer_id,))
            (there,) = cur.fetchone()
            if there < points:
                raise NotEnough(points)
            cur.execute("UPDATE customers SET points = points - %s WHERE id = %s", (points, customer_id))
    finally:
        conn.close()
