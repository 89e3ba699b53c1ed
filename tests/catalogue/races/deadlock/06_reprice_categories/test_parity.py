from decimal import Decimal

import app
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine


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


@pytest.fixture
def categories(parity_db, products):
    db = parity_db.owner
    rows = db.execute(
        "INSERT INTO categories (name, slug) SELECT n, 'acme-' || n FROM unnest(ARRAY['mugs', 'plates']) n RETURNING id"
    ).fetchall()
    for product, (category,) in zip(products, rows, strict=True):
        db.execute("UPDATE products SET category_id = %s WHERE id = %s", (category, product))
    return [row[0] for row in rows]


@pytest_asyncio.fixture
async def engine(parity_db):
    engine = create_async_engine(parity_db.async_url)
    yield engine
    await engine.dispose()


@pytest.mark.prodparity
async def test_two_buyers(engine, parity_race, categories):
    mugs, plates = categories
    await parity_race(
        lambda: app.reprice(engine, [mugs, plates], Decimal("1.10")),
        lambda: app.reprice(engine, [plates, mugs], Decimal("0.95")),
    )
