"""What we know about a customer, as a JSON document."""

import psycopg2
from psycopg2.extras import Json


def remember(dsn, customer_id, key, value):
    """Set one key of the profile and leave the others alone."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(
                "UPDATE customers SET profile = profile || %s WHERE id = %s", (Json({key: value}), customer_id)
            )
    finally:
        conn.close()
