"""Points of customers, and the report that says how many there are."""

from __future__ import annotations

import psycopg
from psycopg import IsolationLevel

GIVE = "UPDATE customers SET points = points + %s WHERE id = %s"


def give(dsn: str, giver: int, receiver: int, points: int) -> None:
    with psycopg.connect(dsn) as conn:
        for customer, change in sorted([(giver, -points), (receiver, points)]):
            conn.execute(GIVE, (change, customer))


def report(dsn: str, customers: list[int]) -> dict[int, int]:
    """Points by customer, and in total under 0."""
    with psycopg.connect(dsn) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        points = dict(conn.execute("SELECT id, points FROM customers WHERE id = ANY(%s) ORDER BY id", (customers,)))
        total = conn.execute("SELECT sum(points) FROM customers WHERE id = ANY(%s)", (customers,)).fetchone()[0]
        return {0: total, **points}
