from datetime import date
from decimal import Decimal

import app
import pytest
from pytest_prodparity import Budget
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


@pytest.mark.prodparity(queries=Budget(statements=9))
def test_checkout(parity_db, shop):
    tenant, customer, product = shop
    order = app.Order(tenant_id=tenant, customer_id=customer, number="ACME-1", status="pending")
    item = app.OrderItem(product_id=product, quantity=3, price=Decimal("9.50"))
    with Session(parity_db.engine) as session:
        order_id = app.checkout(session, order, item, "acme-ch-1", date(2024, 1, 1))
    row = parity_db.owner.execute(
        "SELECT o.status, i.amount, p.amount FROM orders o JOIN invoices i ON i.order_id = o.id "
        "JOIN payments p ON p.order_id = o.id WHERE o.id = %s",
        (order_id,),
    ).fetchone()
    assert row == ("paid", Decimal("28.50"), Decimal("28.50"))
