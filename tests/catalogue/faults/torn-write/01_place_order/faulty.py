"""Checkout: turns a cart into an order."""

from dataclasses import dataclass
from decimal import Decimal

import psycopg


@dataclass(frozen=True)
class Line:
    product_id: int
    quantity: int
    price: Decimal


def total_of(lines: list[Line]) -> Decimal:
    return sum((line.price * line.quantity for line in lines), Decimal(0))


def place_order(conn: psycopg.Connection, tenant_id: int, customer_id: int, number: str, lines: list[Line]) -> int:
    """Store the order with its lines; returns its id."""
    if not lines:
        raise ValueError("an order needs at least one line")
    cur = conn.cursor()
    cur.execute(
        "INSERT INTO orders (tenant_id, customer_id, number, total) VALUES (%s, %s, %s, %s) RETURNING id",
        (tenant_id, customer_id, number, total_of(lines)),
    )
    order_id = cur.fetchone()[0]
    cur.executemany(
        "INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (%s, %s, %s, %s)",
        [(order_id, line.product_id, line.quantity, line.price) for line in lines],
    )
    return order_id
