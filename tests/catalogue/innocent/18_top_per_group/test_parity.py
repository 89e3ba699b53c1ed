import app
import pytest


@pytest.fixture
def products(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING id
        ),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price)
            SELECT id, 'P' || n, 'Mug', 9 FROM tenant, generate_series(1, 4) n RETURNING id
        ),
        review AS (
            INSERT INTO reviews (product_id, customer_id, stars, body, created_at)
            SELECT product.id, customer.id, n, 'no. ' || n, now() - n * interval '1 day' FROM product, customer, generate_series(1, 5) n
        )
        SELECT id FROM product
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_three_each(parity_db, products):
    with parity_db.connect() as conn:
        reviews = app.newest_reviews(conn, products)
    assert reviews == dict.fromkeys(products, ["* no. 1", "** no. 2", "*** no. 3"])
