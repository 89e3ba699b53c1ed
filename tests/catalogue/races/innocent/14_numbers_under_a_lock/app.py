"""Orders, numbered without gaps."""

import psycopg2


def place(dsn, customer_id, total):
    """Place an order; returns its number."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT pg_advisory_xact_lock(hashtext('order numbers'))")
            cur.execute(
                "INSERT INTO orders (tenant_id, customer_id, number, total) "
                "SELECT tenant_id, id, 'N-' || (SELECT lpad((count(*) + 1)::text, 6, '0') FROM orders WHERE number LIKE 'N-%%'), %s "
                "FROM customers WHERE id = %s RETURNING number",
                (total, customer_id),
            )
            return cur.fetchone()[0]
    finally:
        conn.close()
