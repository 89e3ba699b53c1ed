"""Removes expired login sessions (hourly)."""

import logging

import psycopg

log = logging.getLogger(__name__)


def cleanup(conn: psycopg.Connection) -> int:
    """Delete expired sessions."""
    cur = conn.execute("DELETE FROM sessions")  # <- here
    conn.commit()
    log.info("removed %d sessions", cur.rowcount)
    return cur.rowcount
