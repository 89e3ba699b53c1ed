"""What we know about a customer, as a JSON document."""

import psycopg2
from psycopg2.extras import Json


def remember(dsn, customer_id, key, value):
    """Set one key of the profile and leave the others alone."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT profile FROM customers WHERE id = %s", (customer_id,))
            (profile,) = cur.fetchone()
            profile[key] = value
            cur.execute("UPDATE customers SET profile = %s WHERE id = %s", (Json(profile), customer_id))
    finally:
        conn.close()
