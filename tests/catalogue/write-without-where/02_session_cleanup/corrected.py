"""Removes expired login sessions (hourly)."""

import logging

import psycopg

log = logging.getLogger(__name__)


def cleanup(conn: psycopg.Connection) -> int:
    """Delete expired sessions, a thousand at a time."""
    removed = 0
    while True:
        cur = conn.execute(
            "DELETE FROM sessions WHERE token IN "
            "(SELECT token FROM sessions WHERE expires_at < now() ORDER BY expires_at LIMIT 1000)"
        )
        conn.commit()
        removed += cur.rowcount
        if cur.rowcount < 1000:
            log.info("removed %d sessions", removed)
            return removed
