"""A queue of jobs in the database, for many workers."""

from __future__ import annotations

import psycopg

CANDIDATE = """
    SELECT id, payload->>'task' FROM jobs
    WHERE queue = %s AND status = 'ready'
    ORDER BY run_at, id LIMIT 1
"""
CLAIM = "UPDATE jobs SET status = 'running', attempts = attempts + 1 WHERE id = %s AND status = 'ready'"


def claim(dsn: str, queue: str) -> str | None:
    """The task of the next job, which now is the caller's; None if there is none."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        while candidate := conn.execute(CANDIDATE, (queue,)).fetchone():
            job_id, task = candidate
            if conn.execute(CLAIM, (job_id,)).rowcount == 1:
                return task
    return None
