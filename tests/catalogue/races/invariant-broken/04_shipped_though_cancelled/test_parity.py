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
def test_shipped_and_cancelled(parity_db, parity_race, order):
    def not_both():
        row = parity_db.owner.execute("SELECT status, shipped_at FROM orders WHERE id = %s", (order,)).fetchone()
        assert row[0] != "cancelled" or row[1] is None, "a cancelled order was shipped"

    parity_race(
        lambda: app.cancel(parity_db.dsn, order), lambda: app.ship(parity_db.dsn, order), invariant=not_both
    )
