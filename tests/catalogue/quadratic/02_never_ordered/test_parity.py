import app
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name)
            SELECT id, n || '@acme.example', 'Customer' FROM tenant, generate_series(1, 4) n RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-' || email FROM customer WHERE email < '3'
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_customers_without_orders(parity_db, tenant):
    with parity_db.engine.connect() as conn:
        assert app.never_ordered(conn, tenant) == ["3@acme.example", "4@acme.example"]
