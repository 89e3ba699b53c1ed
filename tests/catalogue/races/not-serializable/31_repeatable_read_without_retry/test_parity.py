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
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-' || n, 99.90 FROM customer, generate_series(1, 2) n RETURNING *
        )
        SELECT id FROM placed ORDER BY number
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_two_orders(parity_db, parity_race, orders):
    parity_db.owner.execute(
        "UPDATE customers SET points = 100 WHERE id = (SELECT customer_id FROM orders WHERE id = %s)", (orders[0],)
    )
    parity_race(
        lambda: app.pay_with_points(parity_db.engine, orders[0], 80),
        lambda: app.pay_with_points(parity_db.engine, orders[1], 80),
    )
