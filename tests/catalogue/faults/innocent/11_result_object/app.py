"""Checkout for the app's API: functions return a Result and never raise for what may happen."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import psycopg


@dataclass(frozen=True)
class Result:
    ok: bool
    value: int | None = None
    error: str = ""


def checkout(dsn: str, customer_id: int, number: str, lines: list[tuple[int, int, Decimal]]) -> Result:
    if not lines:
        return Result(False, error="empty cart")
    total = sum((quantity * price for _, quantity, price in lines), Decimal(0))
    try:
        with psycopg.connect(dsn, connect_timeout=2) as conn, conn.cursor() as cur:
            cur.execute(
                "INSERT INTO orders (tenant_id, customer_id, number, total) "
                "SELECT tenant_id, id, %s, %s FROM customers WHERE id = %s RETURNING id",
                (number, total, customer_id),
            )
            row = cur.fetchone()
            if row is None:
                return Result(False, error="unknown customer")
            cur.executemany(
                "INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (%s, %s, %s, %s)",
                [(row[0], *line) for line in lines],
            )
    except psycopg.errors.UniqueViolation:
        return Result(False, error="this order exists already")
    except psycopg.Error as error:
        return Result(False, error=f"not stored: {type(error).__name__}")
    return Result(True, value=row[0])
