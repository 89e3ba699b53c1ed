"""Prices a shopping cart."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import psycopg


class UnknownProduct(KeyError):
    pass


def price_cart(conn: psycopg.Connection, cart: Mapping[int, int]) -> dict[int, Decimal]:
    """Return the line totals of a cart given as {product id: quantity}."""
    found = conn.execute("SELECT id, price FROM products WHERE id = ANY(%s) AND active", (list(cart),))
    prices = dict(found.fetchall())
    for product_id in cart:
        if product_id not in prices:
            raise UnknownProduct(product_id)
    return {product_id: prices[product_id] * quantity for product_id, quantity in cart.items()}


def cart_total(conn: psycopg.Connection, cart: Mapping[int, int], percent_off: int = 0) -> Decimal:
    total = sum(price_cart(conn, cart).values(), Decimal(0))
    discount = total * percent_off / 100
    return (total - discount).quantize(Decimal("0.01"), ROUND_HALF_UP)
