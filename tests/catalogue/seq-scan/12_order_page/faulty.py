"""JSON of one order for the storefront; the id comes from the URL as a string."""

import psycopg
from psycopg.rows import class_row
from dataclasses import asdict, dataclass
from decimal import Decimal


@dataclass
class Order:
    id: int
    number: str
    status: str
    total: Decimal


class NotFound(Exception):
    status_code = 404


def get_order(conn: psycopg.Connection, order_id: str) -> Order:
    with conn.cursor(row_factory=class_row(Order)) as cur:
        cur.execute("SELECT id, number, status, total FROM orders WHERE id::text = %s", (order_id,))  # <- here
        order = cur.fetchone()
    if order is None:
        raise NotFound(order_id)
    return order


def order_view(conn: psycopg.Connection, order_id: str) -> dict:
    return {**asdict(get_order(conn, order_id)), "links": {"self": f"/orders/{order_id}"}}
