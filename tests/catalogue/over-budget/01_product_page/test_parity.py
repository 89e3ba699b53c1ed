import app
import pytest
from pytest_prodparity import Budget


@pytest.fixture
def product(parity_db):
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
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING id
        ),
        review AS (
            INSERT INTO reviews (product_id, customer_id, stars)
            SELECT product.id, customer.id, stars FROM product, customer, unnest(ARRAY[5, 4]) stars
        ),
        warehouse AS (INSERT INTO warehouses (name, country) VALUES ('North', 'DE') RETURNING id),
        stock AS (
            INSERT INTO inventory (product_id, warehouse_id, quantity) SELECT product.id, warehouse.id, 8 FROM product, warehouse
        )
        SELECT id FROM product
    """).fetchone()[0]


@pytest.mark.prodparity(queries=Budget(statements=5))
def test_product_page(parity_db, product):
    with parity_db.connect() as conn:
        assert app.ProductPage(conn, product).context() == {
            "name": "Mug",
            "price": "9.00 EUR",
            "category": "Mugs",
            "seller": "Acme",
            "stock": 8,
            "stars": 4.5,
            "reviews": 2,
        }
