"""Figures of a customer, for the account page."""

import psycopg2


def figures(dsn, customer_id):
    """How many orders, and what they are worth."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT count(*) FROM orders WHERE customer_id = %s", (customer_id,))
            (count,) = cur.fetchone()
            cur.execute("SELECT coalesce(sum(total), 0) FROM orders WHERE customer_id = %s", (customer_id,))
            (total,) = cur.fetchone()
            return {"orders": count, "total": total}
    finally:
        conn.close()


def copy_order(dsn, order_id, number):
    """Order the same again."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(
                "INSERT INTO orders (tenant_id, customer_id, number, total) "
                "SELECT tenant_id, customer_id, %s, total FROM orders WHERE id = %s",
                (number, order_id),
            )
    finally:
        conn.close()
