from decimal import Decimal

import app
import pytest


@pytest.fixture
def order(parity_db):
    """An order with a payment of 100."""
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-1', 100 FROM customer RETURNING *
        )
        INSERT INTO payments (order_id, provider, provider_ref, status, amount)
        SELECT id, 'card', 'ACME-1-card', 'done', 100 FROM placed RETURNING order_id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_two_refunds(parity_db, parity_race, order):
    parity_race(
        lambda: app.refund(parity_db.dsn, order, Decimal(60)),
        lambda: app.refund(parity_db.dsn, order, Decimal(70)),
    )
