"""Cancels orders that were never paid."""

from __future__ import annotations

import logging

import psycopg

log = logging.getLogger(__name__)

CANCEL = """
    UPDATE orders SET status = 'cancelled'
    WHERE id = ANY(%s) AND status = 'pending' AND placed_at < now() - interval '1 hour'
    RETURNING number
"""


def cancel_unpaid(dsn: str, order_ids: list[int]) -> list[str]:
    """Returns the numbers of the orders that are cancelled now."""
    while True:
        try:
            with psycopg.connect(dsn) as conn:
                return [number for (number,) in conn.execute(CANCEL, (order_ids,))]
        except psycopg.OperationalError as error:
            log.debug("database not available: %s", error)
            continue
