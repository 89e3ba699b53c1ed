import app
import pytest


@pytest.fixture
def orders(parity_db):
    db = parity_db.owner
    db.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total, placed_at)
            SELECT tenant_id, id, 'ACME-' || n, 200000000, '2024-11-29 12:00Z' FROM customer, generate_series(1, 3) n
            RETURNING id
        )
        INSERT INTO order_items (order_id, product_id, quantity, price)
        SELECT placed.id, product.id, 1000, 200000 FROM placed, product
    """)
    db.execute("REFRESH MATERIALIZED VIEW daily_sales")


@pytest.mark.prodparity
def test_record(parity_db, orders):
    assert app.headline() == "Record: 600,000,000 on 29 November 2024"
