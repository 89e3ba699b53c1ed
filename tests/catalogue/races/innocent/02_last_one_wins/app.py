"""The form for a customer's contact data."""

import psycopg2


def save(dsn, customer_id, name, phone):
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT 1 FROM customers WHERE id = %s AND deleted_at IS NULL", (customer_id,))
            if cur.fetchone() is None:
                raise LookupError(customer_id)
            cur.execute("UPDATE customers SET name = %s, phone = %s WHERE id = %s", (name, phone, customer_id))
    finally:
        conn.close()
