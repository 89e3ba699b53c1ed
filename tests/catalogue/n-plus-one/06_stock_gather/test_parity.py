import app
import asyncpg
import pytest


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    warehouse = db.execute("INSERT INTO warehouses (name, country) VALUES ('North', 'DE') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 8) n RETURNING id",
        (tenant,),
    ).fetchall()
    products = [row[0] for row in rows]
    db.execute(
        "INSERT INTO inventory (product_id, warehouse_id, quantity, reserved) SELECT unnest(%s), %s, 4, 1",
        (products[:-1], warehouse),
    )
    return products


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_sold_out(parity_db, products):
    async with asyncpg.create_pool(parity_db.dsn, min_size=1, max_size=3) as pool:
        assert await app.sold_out(pool, products) == [products[-1]]
        assert await app.availabilities(pool, products[:2]) == dict.fromkeys(products[:2], 3)
