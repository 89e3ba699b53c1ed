from decimal import Decimal

import app
import pytest


@pytest.fixture
def orders(parity_db):
    parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total, placed_at)
        SELECT tenant_id, id, 'ACME-' || n, 10, '2041-02-03 12:00Z' FROM customer, generate_series(1, 3) n
    """)


@pytest.mark.prodparity
def test_report(parity_db, orders):
    with parity_db.connect() as conn:
        assert app.report(conn)["2041-02", "DE"] == (3, Decimal(30))
