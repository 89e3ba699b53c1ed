from __future__ import annotations

from typing import NamedTuple

from psycopg.rows import class_row
from psycopg_pool import ConnectionPool


class Customer(NamedTuple):
    id: int
    email: str
    name: str


class CustomerStore:
    """Customers of one tenant."""

    def __init__(self, pool: ConnectionPool, tenant_id: int) -> None:
        self._pool = pool
        self._tenant_id = tenant_id

    def _insert_customer(self, email: str, name: str) -> Customer:
        with self._pool.connection() as conn, conn.cursor(row_factory=class_row(_customer)) as cur:
            cur.execute(
                "INSERT INTO customers (tenant_id, email, name) VALUES (%s, %s, %s) RETURNING id, email, name",
                (self._tenant_id, email.lower(), name),
            )
            return cur.fetchone()

    def _insert_address(self, customer_id: int, address: dict[str, str]) -> None:
        with self._pool.connection() as conn:
            conn.execute(
                "INSERT INTO addresses (customer_id, street, city, postcode, country) "
                "VALUES (%(customer)s, %(street)s, %(city)s, %(postcode)s, %(country)s)",
                {"customer": customer_id, **address},
            )

    def register(self, email: str, name: str, address: dict[str, str]) -> Customer:
        customer = self._insert_customer(email, name)
        self._insert_address(customer.id, address)
        return customer


def _customer(id: int, email: str, name: str) -> Customer:
    return Customer(id, email, name)
