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
def test_all_or_nothing(parity_db, shop):
    lines = [(shop.products[0], 2), (shop.products[1], 11)]
    with pytest.raises(app.OutOfStock) as caught:
        app.reserve_order(parity_db.dsn, shop.warehouse, lines)
    assert caught.value.product_id == shop.products[1]
    query = "SELECT sum(reserved) FROM inventory WHERE product_id = ANY(%s)"
    assert parity_db.owner.execute(query, (shop.products,)).fetchone() == (0,)
