"""Refunds: all refunds of an order together are not more than was paid."""

from __future__ import annotations

import secrets
from decimal import Decimal

import psycopg
from psycopg import IsolationLevel

LEFT = "SELECT coalesce(sum(amount), 0) FROM payments WHERE order_id = %s"
INSERT = "INSERT INTO payments (order_id, provider, provider_ref, status, amount) VALUES (%s, 'refund', %s, 'done', %s)"


class TooMuch(Exception):
    pass


def refund(dsn: str, order_id: int, amount: Decimal) -> Decimal:
    """Give money back; returns what is left."""
    with psycopg.connect(dsn) as conn:
        conn.isolation_level = IsolationLevel.SERIALIZABLE
        left = conn.execute(LEFT, (order_id,)).fetchone()[0]
        if amount > left:
            raise TooMuch(f"{amount} of {left}")
        conn.execute(INSERT, (order_id, secrets.token_hex(8), -amount))
        return left - amount
