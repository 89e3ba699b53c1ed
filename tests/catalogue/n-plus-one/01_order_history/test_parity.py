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
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, placed_at)
            SELECT tenant_id, id, 'ACME-' || n, now() - n * interval '1 day' FROM customer, generate_series(1, 6) n
            RETURNING id
        ),
        items AS (
            INSERT INTO order_items (order_id, product_id, quantity, price)
            SELECT placed.id, product.id, 2, 9.50 FROM placed, product, generate_series(1, 2)
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_history_is_newest_first(parity_db, customer):
    with Session(parity_db.engine) as session:
        orders = app.history(session, customer)
    assert [o["number"] for o in orders] == [f"ACME-{n}" for n in range(1, 7)]
    assert {o["total"] for o in orders} == {Decimal("38.00")}
