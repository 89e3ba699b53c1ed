from decimal import Decimal

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
def test_rate_changes_while_paying(parity_db, parity_race, order):
    parity_db.owner.execute("INSERT INTO currencies VALUES ('USD', 'US dollar') ON CONFLICT DO NOTHING")
    parity_db.owner.execute(
        "INSERT INTO exchange_rates VALUES ('USD', '2026-12-01', 1.1) ON CONFLICT (currency, day) DO UPDATE SET rate = 1.1"
    )
    parity_race(
        lambda: app.pay(parity_db.engine, order, "usd-1"),
        lambda: app.correct(parity_db.engine, Decimal("1.2")),
    )
