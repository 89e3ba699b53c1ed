from types import SimpleNamespace

import app
import pytest


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


@pytest.mark.prodparity
async def test_best_rated_comes_first(parity_db, shop):
    parity_db.owner.execute(
        "INSERT INTO reviews (product_id, customer_id, stars) VALUES (%s, %s, 5), (%s, %s, 2)",
        (shop.products[3], shop.customer, shop.products[1], shop.customer),
    )
    assert await app.best_rated(shop.products) == [shop.products[3], shop.products[1], shop.products[0]]
