"""Loyalty points are money: customers pay with them."""

from __future__ import annotations

import psycopg


class NotEnough(Exception):
    """The customer has fewer points."""


def withdraw(dsn: str, customer_id: int, points: int) -> int:
    """Take points from a customer's account; returns what is left."""
    if points <= 0:
        raise ValueError(f"cannot withdraw {points} points")
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT points FROM customers WHERE id = %s", (customer_id,)).fetchone()
        if row is None or row[0] < points:
            raise NotEnough(f"{points} points")
        left = row[0] - points
        conn.execute("UPDATE customers SET points = %s WHERE id = %s", (left, customer_id))
        return left
