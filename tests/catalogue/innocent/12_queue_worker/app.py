"""Worker of the job queue: takes ready jobs one by one until none is left."""

import json
from collections.abc import Callable
from contextlib import closing

import psycopg2

NEXT = """
    SELECT id, payload FROM jobs
    WHERE status = 'ready' AND queue = %s AND run_at <= now()
    ORDER BY run_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
"""


def work_one(conn, queue: str, handler: Callable[[dict], None]) -> bool:
    with conn, conn.cursor() as cur:
        cur.execute(NEXT, (queue,))
        job = cur.fetchone()
        if job is None:
            return False
        job_id, payload = job
        handler(payload if isinstance(payload, dict) else json.loads(payload))
        cur.execute("UPDATE jobs SET status = 'done', done_at = now() WHERE id = %s", (job_id,))
        return True


def drain(dsn: str, queue: str, handler: Callable[[dict], None]) -> int:
    done = 0
    with closing(psycopg2.connect(dsn)) as conn:
        while work_one(conn, queue, handler):
            done += 1
    return done
