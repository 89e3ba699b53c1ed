"""Books what customers paid at the till. The till sends a key with each payment, and may send it twice."""

from __future__ import annotations

import random
import time
from decimal import Decimal

import psycopg


class AmountDiffers(ValueError):
    """The key was used for another amount."""


def _book(dsn: str, key: str, order_id: int, amount: Decimal) -> int:
    with psycopg.connect(dsn, connect_timeout=2) as conn:
        conn.execute(
            "INSERT INTO payments (order_id, provider, provider_ref, status, amount) VALUES (%s, 'till', %s, 'settled', %s) "
            "ON CONFLICT (provider_ref) DO NOTHING",
            (order_id, key, amount),
        )
        payment_id, booked = conn.execute("SELECT id, amount FROM payments WHERE provider_ref = %s", (key,)).fetchone()
        if booked != amount:
            raise AmountDiffers(f"{key} was booked with {booked}")
        return payment_id


def book(dsn: str, key: str, order_id: int, amount: Decimal) -> int:
    """The id of the payment with that key; books it if it is new."""
    for attempt in range(1, 4):
        try:
            return _book(dsn, key, order_id, amount)
        except psycopg.OperationalError:
            if attempt == 3:
                raise
            time.sleep(random.uniform(0.05, 0.1) * 2**attempt)
    raise AssertionError("unreachable")
