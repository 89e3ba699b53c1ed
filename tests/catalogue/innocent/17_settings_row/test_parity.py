import app
import pytest


@pytest.fixture
def orders(parity_db):
    parity_db.owner.execute("INSERT INTO site_settings VALUES (true) ON CONFLICT DO NOTHING")
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, 'ACME-' || n, n * 40 FROM customer, generate_series(1, 2) n RETURNING id
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_large_orders_ship_for_free(parity_db, orders):
    costs = app.shipping_costs(orders)
    assert {number: float(cost) for number, cost in costs.items()} == {"ACME-1": 4.9, "ACME-2": 0}
