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


@pytest.fixture
def order(parity_db, shop):
    db = parity_db.owner
    order = db.execute(
        "INSERT INTO orders (tenant_id, customer_id, number) VALUES (%s, %s, 'ACME-1') RETURNING id",
        (shop.tenant, shop.customer),
    ).fetchone()[0]
    db.execute(
        "INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (%s, %s, 3, 10)",
        (order, shop.products[0]),
    )
    db.execute("UPDATE inventory SET reserved = 3 WHERE product_id = %s", (shop.products[0],))
    return order


@pytest.mark.prodparity
async def test_stock_is_given_back(parity_db, shop, order):
    await app.cancel(parity_db.dsn, order, shop.warehouse)
    db = parity_db.owner
    assert db.execute("SELECT status FROM orders WHERE id = %s", (order,)).fetchone() == ("cancelled",)
    query = "SELECT reserved FROM inventory WHERE product_id = %s"
    assert db.execute(query, (shop.products[0],)).fetchone() == (0,)
