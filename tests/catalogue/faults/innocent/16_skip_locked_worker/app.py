"""Writes queued mails to the spool, one transaction for each: what is written stays written if a later one fails.

Mails carry their id, and the spool's reader drops what it has seen: writing one twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg

TAKE = """
    SELECT id, recipient, subject FROM emails
    WHERE status = 'queued' AND customer_id = %s
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def work_one(conn: psycopg.Connection, customer_id: int, spool: Callable[[int, str, str], None]) -> bool:
    with conn.transaction():
        mail = conn.execute(TAKE, (customer_id,)).fetchone()
        if mail is None:
            return False
        spool(*mail)
        conn.execute("UPDATE emails SET status = 'sent', sent_at = now() WHERE id = %s", (mail[0],))
    return True


def work(dsn: str, customer_id: int, spool: Callable[[int, str, str], None]) -> int:
    with psycopg.connect(dsn, autocommit=True, connect_timeout=2) as conn:
        done = 0
        while work_one(conn, customer_id, spool):
            done += 1
        return done
