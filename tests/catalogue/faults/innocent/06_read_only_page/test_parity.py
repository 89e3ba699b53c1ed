from decimal import Decimal

import app
import pytest
from sqlalchemy.orm import Session


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
def test_page(parity_db, order):
    parity_db.owner.execute(
        "INSERT INTO payments (order_id, provider, provider_ref, status, amount) VALUES (%s, 'card', 'ch-acme', 'settled', 40)",
        (order,),
    )
    with Session(parity_db.engine) as session:
        assert app.page(session, order) == {"status": 200, "number": "ACME-1", "pieces": 0, "open": Decimal("59.90")}
        assert app.page(session, -1) == {"status": 404}
