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
    return [row[0] for row in rows]


@pytest.mark.prodparity
async def test_two_deliveries(parity_db, parity_race, products):
    lamp, vase = products

    def it_holds():
        total = parity_db.owner.execute("SELECT sum(quantity) FROM inventory WHERE warehouse_id = 9001").fetchone()[0]
        assert total is None or total <= app.CAPACITY

    engine = app.make_engine()
    try:
        await parity_race(
            lambda: app.store(engine, 9001, lamp, 60), lambda: app.store(engine, 9001, vase, 70), invariant=it_holds
        )
    finally:
        await engine.dispose()
