import io

import app
import pytest


@pytest.fixture
def product(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-' || n FROM customer, generate_series(1, 4) n RETURNING id
        ),
        item AS (
            INSERT INTO order_items (order_id, product_id, quantity, price)
            SELECT placed.id, product.id, 20, 100 FROM placed, product
        )
        SELECT id FROM product
    """).fetchone()[0]


@pytest.mark.prodparity
def test_export(parity_db, product):
    out = io.StringIO()
    count = app.export(parity_db.dsn, out)
    lines = out.getvalue().splitlines()
    assert len(lines) == count
    assert sum(line.split(",")[2] == str(product) for line in lines) == 4
