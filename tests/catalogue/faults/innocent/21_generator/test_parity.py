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
        ),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'M-1', 'Mug', 9.90 FROM tenant RETURNING id
        )
        INSERT INTO order_items (order_id, product_id, quantity, price)
        SELECT placed.id, product.id, n, 9.90 FROM placed, product, generate_series(1, 7) n
        RETURNING order_id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_export(parity_db, order):
    text = app.export(parity_db.dsn, [order])
    assert text.startswith("order;product;quantity;price\nACME-1;")
    assert text.count("\n") == 8
