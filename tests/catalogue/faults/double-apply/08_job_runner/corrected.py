"""Runs the jobs of a queue, each up to three times."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import psycopg

log = logging.getLogger(__name__)

Handler = Callable[[psycopg.Connection, dict], None]

TAKE = """
    UPDATE jobs SET attempts = attempts + 1
    WHERE id = (
        SELECT id FROM jobs WHERE queue = %s AND status = 'ready' AND attempts < 3 AND run_at <= now()
        ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, payload
"""


def welcome_points(conn: psycopg.Connection, payload: dict) -> None:
    conn.execute("UPDATE customers SET points = points + 10 WHERE id = %s", (payload["customer"],))


HANDLERS: dict[str, Handler] = {"welcome": welcome_points}


def run_next(dsn: str, queue: str) -> bool:
    """Run one job; False when the queue is empty."""
    with psycopg.connect(dsn, connect_timeout=3) as conn, conn.transaction():
        job = conn.execute(TAKE, (queue,)).fetchone()
        if job is None:
            return False
        job_id, payload = job
        HANDLERS[payload["kind"]](conn, payload)
        conn.execute("UPDATE jobs SET status = 'done', done_at = now() WHERE id = %s", (job_id,))
    return True


def run_all(dsn: str, queue: str) -> None:
    """Until the queue is empty. A job that fails stays in the queue, and is tried again."""
    failures = 0
    while True:
        try:
            if not run_next(dsn, queue):
                return
        except Exception:
            failures += 1
            log.exception("a job of %s failed", queue)
            if failures >= 3:
                raise
            time.sleep(0.1 * 2**failures)
