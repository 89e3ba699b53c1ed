"""Customers give points to each other."""

from __future__ import annotations

import psycopg


class NotEnough(Exception):
    pass


def transfer(dsn: str, giver: int, taker: int, points: int) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("SELECT 1 FROM customers WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", ([giver, taker],))
        done = conn.execute(
            "UPDATE customers SET points = points - %(points)s WHERE id = %(id)s AND points >= %(points)s",
            {"points": points, "id": giver},
        )
        if done.rowcount != 1:
            raise NotEnough(points)
        conn.execute("UPDATE customers SET points = points + %s WHERE id = %s", (points, taker))
