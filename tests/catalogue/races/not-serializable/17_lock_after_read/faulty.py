"""Stock of the shop's only warehouse."""

import psycopg2

READ = "SELECT quantity FROM inventory WHERE product_id = %s"


def pick(dsn, product_id, quantity):
    """Take goods from the shelf; returns how many were there."""
    conn = psycopg2.connect(dsn)
    try:
        cur = conn.cursor()
        cur.execute(READ, (product_id,))
        (there,) = cur.fetchone()
        taken = min(there, quantity)
        cur.execute("SELECT 1 FROM inventory WHERE product_id = %s FOR UPDATE", (product_id,))
        cur.fetchone()
        cur.execute("UPDATE inventory SET quantity = %s WHERE product_id = %s", (there - taken, product_id))
        conn.commit()
        return taken
    finally:
        conn.close()
