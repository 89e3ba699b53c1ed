"""Webhooks of the payment provider, which may come more than once."""

import psycopg2
from psycopg2.extras import Json


def points_bought(dsn, tenant_id, nonce, customer_id, points):
    """Credit bought points, once for each nonce."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(
                "INSERT INTO webhook_deliveries (tenant_id, payload, status_code) VALUES (%s, %s, 200) "
                "ON CONFLICT DO NOTHING",
                (tenant_id, Json({"nonce": nonce})),
            )
            if cur.rowcount == 0:
                return
            cur.execute("UPDATE customers SET points = points + %s WHERE id = %s", (points, customer_id))
    finally:
        conn.close()
