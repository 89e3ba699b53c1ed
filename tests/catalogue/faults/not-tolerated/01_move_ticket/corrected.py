"""Escalates tickets. Runs in a worker that has nobody to tell about an error, so it has to come through."""

from __future__ import annotations

import os
import random
import time

import psycopg
from psycopg import errors

DSN = os.environ.get("DATABASE_DSN", "postgresql:///shop")
TRANSIENT = (psycopg.OperationalError, errors.ReadOnlySqlTransaction)


def connect() -> psycopg.Connection:
    # A silent network is noticed by the kernel: libpq itself would wait for ever.
    return psycopg.connect(DSN, connect_timeout=2, keepalives_idle=2, keepalives_interval=1, tcp_user_timeout=2000)


def _escalate(ticket_id: int, priority: int) -> str:
    with connect() as conn:
        row = conn.execute(
            "UPDATE tickets SET priority = %s, updated_at = now() WHERE id = %s RETURNING subject",
            (priority, ticket_id),
        ).fetchone()
    if row is None:
        raise LookupError(ticket_id)
    return row[0]


def escalate(ticket_id: int, priority: int = 1) -> str:
    """Set a ticket's priority (setting it twice does no harm); returns its subject."""
    for attempt in range(1, 5):
        try:
            return _escalate(ticket_id, priority)
        except TRANSIENT:
            if attempt == 4:
                raise
            time.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)
    raise AssertionError("unreachable")
