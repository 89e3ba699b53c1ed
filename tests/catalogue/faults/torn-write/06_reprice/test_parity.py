from decimal import Decimal
from types import SimpleNamespace

import app
import asyncpg
import pytest
import pytest_asyncio


@pytest.fixture
def shop(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    products = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n * 10 FROM generate_series(1, 4) n RETURNING id",
        (tenant,),
    ).fetchall()
    warehouse = db.execute("INSERT INTO warehouses (name, country) VALUES ('North', 'DE') RETURNING id").fetchone()[0]
    products = [row[0] for row in products]
    db.execute(
        "INSERT INTO inventory (product_id, warehouse_id, quantity) SELECT unnest(%s::bigint[]), %s, 10",
        (products, warehouse),
    )
    return SimpleNamespace(tenant=tenant, customer=customer, products=products, warehouse=warehouse)


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=1, max_size=3, command_timeout=3) as pool:
        yield pool


@pytest.mark.prodparity
async def test_all_prices_change(parity_db, pool, shop):
    assert await app.reprice(pool, {product: Decimal("3.33") for product in shop.products}) == 4
    rows = parity_db.owner.execute("SELECT price FROM products WHERE id = ANY(%s)", (shop.products,)).fetchall()
    assert rows == [(Decimal("3.33"),)] * 4
