"""Cancels orders that were never paid."""

from __future__ import annotations

import logging
import random
import time

import psycopg

log = logging.getLogger(__name__)

CANCEL = """
    UPDATE orders SET status = 'cancelled'
    WHERE id = ANY(%s) AND status = 'pending' AND placed_at < now() - interval '1 hour'
    RETURNING number
"""


def cancel_unpaid(dsn: str, order_ids: list[int]) -> list[str]:
    """Returns the numbers of the orders that are cancelled now."""
    for attempt in range(1, 5):
        try:
            with psycopg.connect(dsn, connect_timeout=3) as conn:
                return [number for (number,) in conn.execute(CANCEL, (order_ids,))]
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as error:
            if attempt == 4:
                raise
            log.info("attempt %d: %s", attempt, error)
            time.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)
    raise AssertionError("unreachable")
