import app
import pytest


@pytest.fixture
def reviews(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING id
        ),
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id)
        INSERT INTO reviews (product_id, customer_id, stars, body)
        SELECT product.id, customer.id, 4, 'Fine' FROM product, customer, generate_series(1, 5) RETURNING id
    """).fetchall()
    return sorted(row[0] for row in rows)


@pytest.mark.prodparity
def test_newest_first_and_more_to_come(parity_db, reviews):
    with parity_db.connect() as conn:
        page = app.review_page(conn, size=4)
    assert [r["id"] for r in page["reviews"]] == reviews[:0:-1]
    assert page["more"]
