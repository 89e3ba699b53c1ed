import app
import pytest
from django.db import connection


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, points)
            SELECT id, 'ann@acme.example', 'Ann', 100 FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


def request(call):
    """Connections are closed at the end of a request."""
    try:
        return call()
    finally:
        connection.close()


@pytest.mark.prodparity
def test_two_new_addresses(parity_db, parity_race, customer):
    parity_db.owner.execute(
        "INSERT INTO addresses (customer_id, street, city, postcode, country) VALUES (%s, 'Old 1', 'Bonn', '53111', 'DE')",
        (customer,),
    )
    parity_race(
        lambda: request(lambda: app.add_address(customer, "Main Street 1")),
        lambda: request(lambda: app.add_address(customer, "Mill Lane 2")),
    )
