"""Messages of the payment provider: authorized, then captured, then perhaps refunded. They may come in any order."""

from contextlib import closing

import psycopg2
from psycopg2.extras import Json

STEPS = ["new", "authorized", "captured", "refunded"]
LOG = """
    INSERT INTO webhook_deliveries (tenant_id, payload, status_code)
    SELECT orders.tenant_id, %s, 200 FROM payments JOIN orders ON orders.id = payments.order_id
    WHERE provider_ref = %s
"""
UPDATE = """
    UPDATE payments SET status = %(step)s
    WHERE provider_ref = %(ref)s AND array_position(%(steps)s, status) < array_position(%(steps)s, %(step)s)
"""


def on_message(dsn, message):
    """Handle a message such as {"ref": "ch_1", "step": "captured"}."""
    if message["step"] not in STEPS:
        raise ValueError(f"unknown step {message['step']!r}")
    with closing(psycopg2.connect(dsn)) as conn, conn, conn.cursor() as cur:
        cur.execute(LOG, (Json(message), message["ref"]))
        cur.execute(UPDATE, {**message, "steps": STEPS})
