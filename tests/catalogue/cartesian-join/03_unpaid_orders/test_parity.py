import datetime as dt

import app
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, placed_at)
            SELECT tenant_id, id, 'ACME-' || n, now() FROM customer, generate_series(1, 3) n RETURNING *
        ),
        invoice AS (
            INSERT INTO invoices (tenant_id, order_id, number, amount, due_on)
            SELECT tenant_id, id, 'I-' || number, 19.9, current_date FROM placed
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_unpaid_orders(parity_db, tenant):
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=90)
    assert app.unpaid(tenant, since) == ["ACME-1", "ACME-2", "ACME-3"]
