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
def test_delivered_twice(parity_db, parity_race, customer):
    tenant = parity_db.owner.execute("SELECT tenant_id FROM customers WHERE id = %s", (customer,)).fetchone()[0]
    parity_race(
        lambda: app.points_bought(parity_db.dsn, tenant, "n-1", customer, 50),
        lambda: app.points_bought(parity_db.dsn, tenant, "n-1", customer, 50),
    )
