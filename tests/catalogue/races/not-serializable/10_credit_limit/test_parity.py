from decimal import Decimal

import app
import pytest


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


@pytest.mark.prodparity
def test_two_orders(parity_db, parity_race, customer):
    parity_db.owner.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = parity_db.owner.execute("SELECT tenant_id FROM customers WHERE id = %s", (customer,)).fetchone()[0]
    parity_race(
        lambda: app.order_on_account(parity_db.dsn, tenant, customer, "ACME-1", Decimal(600)),
        lambda: app.order_on_account(parity_db.dsn, tenant, customer, "ACME-2", Decimal(700)),
    )
