"""Loyalty points, with a mail about them."""

from __future__ import annotations

import psycopg


def award(dsn: str, customer_id: int, points: int) -> None:
    with psycopg.connect(dsn) as conn:
        email, name = conn.execute("SELECT email, name FROM customers WHERE id = %s", (customer_id,)).fetchone()
        conn.execute("UPDATE customers SET points = points + %s WHERE id = %s", (points, customer_id))
        conn.execute(
            "INSERT INTO emails (customer_id, recipient, subject, body) VALUES (%s, %s, %s, %s)",
            (customer_id, email, "Points", f"Dear {name}, you have got {points} points."),
        )
