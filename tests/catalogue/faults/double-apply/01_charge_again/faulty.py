"""Books payments; the database is sometimes away for a moment, so a booking is tried again."""

from __future__ import annotations

import time
import uuid
from decimal import Decimal

import psycopg

ATTEMPTS = 3


def _book(dsn: str, order_id: int, amount: Decimal, reference: str) -> None:
    with psycopg.connect(dsn, connect_timeout=3) as conn:
        conn.execute(
            "INSERT INTO payments (order_id, provider, provider_ref, status, amount) "
            "VALUES (%s, 'bank', %s, 'settled', %s)",
            (order_id, reference, amount),
        )


def book_payment(dsn: str, order_id: int, amount: Decimal) -> str:
    """Book a bank transfer; returns the reference under which it was booked."""
    for attempt in range(1, ATTEMPTS + 1):
        reference = uuid.uuid4().hex
        try:
            _book(dsn, order_id, amount, reference)
            return reference
        except psycopg.OperationalError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.05 * 2**attempt)
    raise AssertionError("unreachable")
