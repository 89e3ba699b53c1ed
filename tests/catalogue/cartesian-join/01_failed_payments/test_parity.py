import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-' || n, 10 FROM customer, generate_series(1, 2) n RETURNING id
        ),
        failed AS (
            INSERT INTO payments (order_id, provider, provider_ref, status, amount)
            SELECT id, 'card', 'acme-' || id, 'failed', 10 FROM placed
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_orders_with_failed_payments(parity_db, customer):
    with parity_db.engine.connect() as conn:
        assert [o["number"] for o in app.orders_to_pay_again(conn, customer)] == ["ACME-1", "ACME-2"]
