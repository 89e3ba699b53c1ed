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
def test_two_orders(parity_db, parity_race, customers):
    parity_db.owner.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    parity_race(
        lambda: app.place(parity_db.dsn, customers[0], 10),
        lambda: app.place(parity_db.dsn, customers[1], 20),
    )
