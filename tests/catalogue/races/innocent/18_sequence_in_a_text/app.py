"""Orders, numbered by a sequence; gaps do no harm."""

from __future__ import annotations

import psycopg


def place(dsn: str, customer_id: int, total: int) -> str:
    with psycopg.connect(dsn) as conn:
        (number,) = conn.execute("SELECT nextval(pg_get_serial_sequence('orders', 'id'))").fetchone()
        reference = f"S-{number:08}"
        conn.execute(
            "INSERT INTO orders (id, tenant_id, customer_id, number, total) "
            "SELECT %s, tenant_id, id, %s, %s FROM customers WHERE id = %s",
            (number, reference, total, customer_id),
        )
        return reference
