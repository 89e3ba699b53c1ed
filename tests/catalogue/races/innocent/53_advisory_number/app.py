"""Invoices, numbered without gaps for each tenant."""

from contextlib import closing

import psycopg2

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('invoices', %s))"
LAST = "SELECT max(number) FROM invoices WHERE tenant_id = %s AND number ~ '^[0-9]{6}$'"
INSERT = """
    INSERT INTO invoices (tenant_id, order_id, number, amount, due_on)
    SELECT tenant_id, id, %s, total, current_date + 30 FROM orders WHERE id = %s AND tenant_id = %s
"""


def issue(dsn, tenant_id, order_id):
    """Write the invoice of an order; returns its number."""
    with closing(psycopg2.connect(dsn)) as conn, conn, conn.cursor() as cur:
        cur.execute(LOCK, (tenant_id,))
        cur.execute(LAST, (tenant_id,))
        (last,) = cur.fetchone()
        number = f"{int(last or 0) + 1:06}"
        cur.execute(INSERT, (number, order_id, tenant_id))
        return number
