import app
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price)
            SELECT id, 'P' || n, 'Mug', 9 FROM tenant, generate_series(1, 4) n RETURNING id, sku
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number) SELECT tenant_id, id, 'ACME-1' FROM customer RETURNING id
        ),
        items AS (
            INSERT INTO order_items (order_id, product_id, quantity, price)
            SELECT placed.id, product.id, 3, 9.50 FROM placed, product, generate_series(1, 2) WHERE product.sku <> 'P4'
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_report(parity_db, tenant):
    with parity_db.connect() as conn:
        assert app.report(conn, tenant) == ["P1 Mug: 6", "P2 Mug: 6", "P3 Mug: 6", "P4 Mug: 0"]
