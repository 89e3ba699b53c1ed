import app
import pytest


@pytest.fixture
def customers(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, points)
            SELECT id, name || '@acme.example', name, 100 FROM tenant, unnest(ARRAY['ann', 'bob']) name RETURNING *
        )
        SELECT id FROM customer ORDER BY email
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_the_last_coupon(parity_db, parity_race, customers):
    tenant = parity_db.owner.execute("SELECT tenant_id FROM customers WHERE id = %s", (customers[0],)).fetchone()[0]
    parity_race(
        lambda: app.trial_coupon(parity_db.dsn, tenant, customers[0]),
        lambda: app.trial_coupon(parity_db.dsn, tenant, customers[1]),
    )
