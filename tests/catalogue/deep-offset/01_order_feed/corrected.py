"""Feeds all orders to the data warehouse, oldest first."""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row


def order_batches(conn: psycopg.Connection, size: int = 500) -> Iterator[list[dict[str, Any]]]:
    """Yield all orders in batches, by id."""
    last = 0
    with conn.cursor(row_factory=dict_row) as cur:
        while True:
            cur.execute(
                "SELECT id, tenant_id, number, status, total FROM orders WHERE id > %s ORDER BY id LIMIT %s",
                (last, size),
            )
            batch = cur.fetchall()
            if not batch:
                return
            yield batch
            last = batch[-1]["id"]


def feed(conn: psycopg.Connection, push, size: int = 500) -> int:
    """Push every batch; returns the number of orders."""
    total = 0
    for batch in order_batches(conn, size):
        push(batch)
        total += len(batch)
    return total
