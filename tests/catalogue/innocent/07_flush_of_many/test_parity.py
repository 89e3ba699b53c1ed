from decimal import Decimal

import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def shop(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT tenant.id, customer.id, product.id FROM tenant, customer, product
    """).fetchone()


@pytest.mark.prodparity
def test_receipt_with_twenty_lines(parity_db, shop):
    tenant, customer, product = shop
    receipt = {"id": 77, "lines": [{"product": product, "n": n, "price": "1.50"} for n in range(1, 21)]}
    with Session(parity_db.engine) as session:
        assert app.take_over(session, tenant, customer, receipt).total == Decimal("315.00")
