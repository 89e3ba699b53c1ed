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


@pytest.fixture
def coupon(parity_db, orders):
    return parity_db.owner.execute(
        "INSERT INTO coupons (tenant_id, code, percent) SELECT tenant_id, 'ONCE', 10 FROM orders WHERE id = %s RETURNING id",
        (orders[0],),
    ).fetchone()[0]


@pytest.mark.prodparity
def test_one_coupon_for_two_orders(parity_db, parity_race, orders, coupon):
    parity_race(
        lambda: app.redeem(parity_db.dsn, orders[0], coupon),
        lambda: app.redeem(parity_db.dsn, orders[1], coupon),
    )
