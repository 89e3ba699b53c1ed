"""What the office needs, in plain SQL through psycopg."""

from __future__ import annotations

import csv
import io
from typing import Any

import psycopg


def find_customer(connection: psycopg.Connection[Any], email: str) -> tuple[int, str] | None:
    """A customer's id and name, however they spell their address."""
    return connection.execute("SELECT id, name FROM customers WHERE lower(email) = lower(%s)", (email,)).fetchone()


def export_shipped(connection: psycopg.Connection[Any]) -> str:
    """All shipped orders, as CSV for the accountant."""
    rows = connection.execute(
        "SELECT id, customer_id, total FROM orders WHERE status = 'shipped' ORDER BY id"
    ).fetchall()
    out = io.StringIO()
    csv.writer(out).writerows([("id", "customer", "total"), *rows])
    return out.getvalue()


def mark_shipped(connection: psycopg.Connection[Any], order_id: int) -> bool:
    """True if there was such an open order."""
    changed = connection.execute("UPDATE orders SET status = 'shipped' WHERE id = %s AND status = 'open'", (order_id,))
    connection.commit()
    return changed.rowcount == 1
