import datetime as dt

import app
import pytest


@pytest.fixture
def category(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        category AS (INSERT INTO categories (name, slug) VALUES ('Mugs', 'acme-mugs') RETURNING id),
        product AS (
            INSERT INTO products (tenant_id, category_id, sku, name, price)
            SELECT tenant.id, category.id, 'MUG', 'Mug', 9 FROM tenant, category RETURNING id
        ),
        customer AS (
            INSERT INTO customers (tenant_id, email, name)
            SELECT id, n || '@acme.example', 'Customer' FROM tenant, generate_series(1, 3) n RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-' || id || '-' || n FROM customer, generate_series(1, 2) n RETURNING id
        ),
        item AS (
            INSERT INTO order_items (order_id, product_id, quantity, price)
            SELECT placed.id, product.id, 1, 9 FROM placed, product
        )
        SELECT id FROM category
    """).fetchone()[0]


@pytest.mark.prodparity
def test_buyers_are_counted_once(parity_db, category):
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=3 * 365)
    assert app.buyers_by_category(since)[category] == 3
