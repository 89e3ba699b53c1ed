import app
import pytest


@pytest.fixture
def payment(parity_db):
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
        INSERT INTO payments (order_id, provider, provider_ref, status, amount)
        SELECT id, 'card', 'ch_acme_1', 'authorized', 99.9 FROM placed RETURNING provider_ref
    """).fetchone()[0]


@pytest.mark.prodparity
def test_a_refund_is_final(parity_db, parity_race, payment):
    def refunded():
        query = "SELECT status FROM payments WHERE provider_ref = %s"
        assert parity_db.owner.execute(query, (payment,)).fetchone() == ("refunded",)

    parity_race(
        lambda: app.on_message(parity_db.dsn, {"ref": payment, "step": "captured"}),
        lambda: app.on_message(parity_db.dsn, {"ref": payment, "step": "refunded"}),
        invariant=refunded,
    )
