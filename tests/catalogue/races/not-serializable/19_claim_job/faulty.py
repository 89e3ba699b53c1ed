"""A queue in a table."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg


@dataclass
class Worker:
    dsn: str
    queue: str

    def claim(self) -> int | None:
        """Take the oldest job that is ready."""
        with psycopg.connect(self.dsn) as conn:
            row = conn.execute(
                "SELECT id FROM jobs WHERE queue = %s AND status = 'ready' ORDER BY run_at, id LIMIT 1", (self.queue,)
            ).fetchone()
            if row is None:
                return None
            conn.execute("UPDATE jobs SET status = 'running', attempts = attempts + 1 WHERE id = %s", row)
            return row[0]
