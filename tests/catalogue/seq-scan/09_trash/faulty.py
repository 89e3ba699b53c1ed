"""Empties the ticket trash, a bounded piece at a time (called by cron every minute)."""

import os

import psycopg2


def connect():
    return psycopg2.connect(os.environ["DATABASE_DSN"])


def expired_tickets(conn, days=30, limit=100):
    """Ids of soft-deleted tickets whose grace period is over, oldest first."""
    with conn.cursor() as cur:
        cur.execute(  # <- here
            """
            SELECT id
            FROM tickets
            WHERE deleted_at IS NOT NULL
              AND deleted_at < now() - %s * interval '1 day'
            ORDER BY deleted_at
            LIMIT %s
            """,
            (days, limit),
        )
        return [row[0] for row in cur.fetchall()]


def empty_trash(conn, days=30):
    ids = expired_tickets(conn, days)
    if not ids:
        return 0
    with conn.cursor() as cur:
        cur.execute("UPDATE tickets SET subject = '(removed)', assignee_id = NULL WHERE id = ANY(%s)", (ids,))
        removed = cur.rowcount
    conn.commit()
    return removed
