from decimal import Decimal

import app
import pytest
from sqlalchemy.orm import Session


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
            INSERT INTO orders (tenant_id, customer_id, number, total, placed_at)
            SELECT tenant_id, id, 'ACME-' || n, 30, now() + n * interval '1 day' FROM customer, generate_series(1, 5) n
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_level_is_reached(parity_db, customer):
    with Session(parity_db.engine) as session:
        assert app.reached(session, customer, Decimal(100)) == "ACME-4"
        assert app.reached(session, customer, Decimal(500)) is None
