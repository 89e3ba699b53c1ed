"""Who loads: this process over one connection, or several processes over one each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import psycopg

from .load import Counter, Job, work

SHOWN = 0.2
"""Seconds between two calls of the progress."""


def load(
    dsn: str,
    connection: psycopg.Connection,
    jobs: Sequence[Job],
    progress: Callable[[int, int, str], None],
    workers: int | None,
) -> None:
    """Load all jobs."""
    total = sum(job.rows for job in jobs)
    state = {"done": 0, "shown": time.monotonic()}

    def done(number: int, count: int) -> None:
        state["done"] += count
        if time.monotonic() - state["shown"] > SHOWN:
            state["shown"] = time.monotonic()
            progress(int(state["done"]), total, jobs[number].full_name)

    work(connection, jobs, Counter(jobs).take, done)
