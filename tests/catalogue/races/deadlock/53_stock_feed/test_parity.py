import app
import pytest


@pytest.fixture
def products(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        house AS (INSERT INTO warehouses (id, name, country) VALUES (9001, 'Acme', 'DE')),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO products (tenant_id, sku, name, price)
        SELECT tenant.id, sku, sku, 20 FROM tenant, unnest(ARRAY['LAMP', 'VASE']) AS sku RETURNING id
    """)
    return sorted(row[0] for row in rows)


@pytest.mark.prodparity
def test_two_feeds(parity_db, parity_race, products):
    lamp, vase = products
    parity_race(
        lambda: app.book_delivery(parity_db.dsn, 9001, {lamp: 5, vase: 2}),
        lambda: app.book_delivery(parity_db.dsn, 9001, {vase: 1, lamp: 8}),
    )
