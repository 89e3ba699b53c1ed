"""Prices a shopping cart."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import psycopg


class UnknownProduct(KeyError):
    pass


def price_cart(conn: psycopg.Connection, cart: Mapping[int, int]) -> dict[int, Decimal]:
    """Return the line totals of a cart given as {product id: quantity}."""
    lines = {}
    for product_id, quantity in cart.items():
        row = conn.execute("SELECT price FROM products WHERE id = %s AND active", (product_id,)).fetchone()  # <- here
        if row is None:
            raise UnknownProduct(product_id)
        lines[product_id] = row[0] * quantity
    return lines


def cart_total(conn: psycopg.Connection, cart: Mapping[int, int], percent_off: int = 0) -> Decimal:
    total = sum(price_cart(conn, cart).values(), Decimal(0))
    discount = total * percent_off / 100
    return (total - discount).quantize(Decimal("0.01"), ROUND_HALF_UP)
