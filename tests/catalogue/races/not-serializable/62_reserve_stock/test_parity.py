import app
import pytest


@pytest.fixture
def product(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        house AS (
            INSERT INTO warehouses (id, name, country)
            SELECT n, 'Acme ' || n, 'DE' FROM unnest(ARRAY[9001, 9002]) AS n RETURNING id
        ),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'LAMP', 'Lamp', 20 FROM tenant RETURNING id
        )
        INSERT INTO inventory (product_id, warehouse_id, quantity)
        SELECT product.id, house.id, house.id - 8996 FROM product, house RETURNING product_id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_two_reservations(parity_db, parity_race, product):
    parity_race(lambda: app.reserve(parity_db.engine, product, 4), lambda: app.reserve(parity_db.engine, product, 3))
