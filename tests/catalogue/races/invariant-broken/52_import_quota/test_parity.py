import app
import pytest


@pytest.fixture
def product(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        house AS (
            INSERT INTO warehouses (id, name, country)
            SELECT n, 'Acme ' || n, 'DE' FROM unnest(ARRAY[9001, 9002]) AS n
        ),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'LAMP', 'Lamp', 20 FROM tenant RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
async def test_two_deliveries(parity_db, parity_race, product):
    def within_quota():
        query = "SELECT coalesce(sum(quantity), 0) FROM inventory WHERE product_id = %s"
        assert parity_db.owner.execute(query, (product,)).fetchone()[0] <= app.QUOTA

    engine = app.make_engine()
    try:
        await parity_race(
            lambda: app.store(engine, 9001, product, 60),
            lambda: app.store(engine, 9002, product, 70),
            invariant=within_quota,
        )
    finally:
        await engine.dispose()
