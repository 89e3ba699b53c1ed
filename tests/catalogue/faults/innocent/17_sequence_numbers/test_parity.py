from decimal import Decimal

import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
async def test_the_number_contains_the_id(parity_db, customer):
    number = await app.create(parity_db.dsn, customer, Decimal("12.50"))
    rows = parity_db.owner.execute("SELECT id, number FROM orders WHERE customer_id = %s", (customer,)).fetchall()
    assert [(f"W-{order:08}", number) for order, _ in rows] == [(number, number)]
