import app
import pytest


@pytest.fixture
def customers(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO customers (tenant_id, email, name, points)
        SELECT tenant.id, who || '@acme.example', who, 100 FROM tenant, unnest(ARRAY['ann', 'bob']) AS who RETURNING id
    """)
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_a_report_while_points_move(parity_db, parity_race, customers):
    ann, bob = customers
    parity_race(lambda: app.give(parity_db.dsn, ann, bob, 30), lambda: app.report(parity_db.dsn, [ann, bob]))
