from datetime import date

import app
import pytest


@pytest.fixture
def orders(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, number, 99.90 FROM customer, unnest(ARRAY['ACME-1', 'ACME-2', 'ACME-3']) AS number
        RETURNING tenant_id, id
    """)
    return list(rows)


@pytest.mark.prodparity
def test_two_invoices(parity_db, parity_race, orders):
    (tenant, first), (_, second), (_, third) = orders
    today = date(2024, 2, 1)
    assert app.issue(parity_db.engine, tenant, first, today) == "000001"
    parity_race(
        lambda: app.issue(parity_db.engine, tenant, second, today),
        lambda: app.issue(parity_db.engine, tenant, third, today),
    )
