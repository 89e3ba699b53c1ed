"""Price of a product in a currency."""

from decimal import Decimal

import psycopg

QUERY = """
    SELECT p.price * coalesce(r.rate, 1)
    FROM products p
    LEFT JOIN LATERAL (
        SELECT rate FROM exchange_rates WHERE currency = %(currency)s AND day <= current_date ORDER BY day DESC LIMIT 1
    ) r ON p.currency <> %(currency)s
    WHERE p.id = %(id)s
"""


def price_in(conn: psycopg.Connection, product_id: int, currency: str) -> Decimal:
    row = conn.execute(QUERY, {"id": product_id, "currency": currency}).fetchone()
    if row is None:
        raise LookupError(product_id)
    return round(row[0], 2)
