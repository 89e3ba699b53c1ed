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
        row = conn.execute(
            "UPDATE customers SET points = points - %(points)s WHERE id = %(id)s AND points >= %(points)s RETURNING points",
            {"points": points, "id": customer_id},
        ).fetchone()
        if row is None:
            raise NotEnough(f"{points} points")
        return row[0]
