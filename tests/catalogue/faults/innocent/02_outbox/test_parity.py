import app
import pytest


@pytest.fixture
def order(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-1', 99.90 FROM customer RETURNING *
        )
        SELECT id FROM placed
    """).fetchone()[0]


@pytest.mark.prodparity
def test_shipping_is_announced(parity_db, order):
    parity_db.owner.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (order,))
    assert app.ship(parity_db.dsn, order, "T-1") == "ACME-1"
    row = parity_db.owner.execute(
        "SELECT payload ->> 'tracking' FROM jobs WHERE queue = 'outbox' AND payload ->> 'number' = 'ACME-1'"
    ).fetchone()
    assert row == ("T-1",)


@pytest.mark.prodparity
def test_unpaid_orders_stay(parity_db, order):
    with pytest.raises(app.NotPaid):
        app.ship(parity_db.dsn, order, "T-1")
