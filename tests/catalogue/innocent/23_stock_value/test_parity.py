from decimal import Decimal

import app
import pytest


@pytest.fixture
def stock(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    warehouse = db.execute(
        "INSERT INTO warehouses (name, country) VALUES ('acme north', 'DE') RETURNING id"
    ).fetchone()[0]
    db.execute(
        "WITH p AS (INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product', 2.50 FROM generate_series(1, 4) n RETURNING id) "
        "INSERT INTO inventory (product_id, warehouse_id, quantity) SELECT id, %s, 10 FROM p",
        (tenant, warehouse),
    )


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_stock_value(parity_db, stock):
    assert ("acme north", Decimal(100)) in await app.stock_value(parity_db.dsn)
