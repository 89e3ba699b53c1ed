"""Adds loyalty points with optimistic locking; tries again when somebody else was faster."""

import psycopg


class Conflict(Exception):
    pass


def add_points(
    conn: psycopg.Connection, customer_id: int, points: int, interfere=lambda: None, attempts: int = 5
) -> int:
    """Returns the new balance."""
    for _ in range(attempts):
        (balance,) = conn.execute("SELECT points FROM customers WHERE id = %s", (customer_id,)).fetchone()
        interfere()
        updated = conn.execute(
            "UPDATE customers SET points = %s WHERE id = %s AND points = %s", (balance + points, customer_id, balance)
        )
        conn.commit()
        if updated.rowcount == 1:
            return balance + points
    raise Conflict(customer_id)
