"""Ships and cancels orders."""

import psycopg2


def _changed(dsn, query, order_id):
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(query, (order_id,))
            return cur.rowcount == 1
    finally:
        conn.close()


def cancel(dsn, order_id):
    """Cancel an order; False if it is too late."""
    return _changed(dsn, "UPDATE orders SET status = 'cancelled' WHERE id = %s AND shipped_at IS NULL", order_id)


def ship(dsn, order_id):
    """Note that an order has left the house; False if it must not."""
    return _changed(
        dsn,
        "UPDATE orders SET shipped_at = now() WHERE id = %s AND shipped_at IS NULL AND status <> 'cancelled'",
        order_id,
    )
