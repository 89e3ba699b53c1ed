"""Ships orders. Everything that others must hear of goes into the outbox, in the same transaction."""

from contextlib import closing

import psycopg2
from psycopg2.extras import Json


class NotPaid(Exception):
    pass


def ship(dsn, order_id, tracking):
    with closing(psycopg2.connect(dsn, connect_timeout=3)) as conn, conn, conn.cursor() as cur:
        cur.execute(
            "UPDATE orders SET status = 'shipped', shipped_at = now(), notes = %s "
            "WHERE id = %s AND status = 'paid' RETURNING tenant_id, number",
            (f"tracking {tracking}", order_id),
        )
        row = cur.fetchone()
        if row is None:
            raise NotPaid(order_id)
        tenant_id, number = row
        cur.execute(
            "INSERT INTO jobs (queue, payload) VALUES ('outbox', %s)",
            (Json({"type": "order.shipped", "tenant": tenant_id, "number": number, "tracking": tracking}),),
        )
    return number
