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
        INSERT INTO reviews (product_id, customer_id, stars)
        SELECT product.id, customer.id, 4 FROM product, customer, generate_series(1, 3) RETURNING id
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_page_token_leads_to_the_next_page(parity_db, reviews):
    first, token = app.list_reviews(size=2)
    second, _ = app.list_reviews(token, size=2)
    assert len(first) == 2
    assert first[-1].id < second[0].id


@pytest.mark.prodparity
def test_far_page(parity_db, reviews):
    page, token = app.list_reviews(app.encode(400_000_000), size=50)
    assert (page, token) == ([], None)
