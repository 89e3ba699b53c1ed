import app
import asyncpg
import pytest
import pytest_asyncio


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    warehouse = db.execute("INSERT INTO warehouses (name, country) VALUES ('North', 'DE') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n * 10 FROM generate_series(1, 2) n RETURNING id",
        (tenant,),
    ).fetchall()
    db.execute(
        "INSERT INTO inventory (product_id, warehouse_id, quantity) SELECT unnest(%s::bigint[]), %s, 5",
        ([row[0] for row in rows], warehouse),
    )
    return [row[0] for row in rows]


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
async def test_two_deliveries(pool, parity_race, products):
    stock = app.Stock(pool)
    await parity_race(lambda: stock.receive(products[0], 3), lambda: stock.receive(products[0], 4))
