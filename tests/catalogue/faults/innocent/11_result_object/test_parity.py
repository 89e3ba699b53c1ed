from decimal import Decimal
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
def test_checkout(parity_db, shop):
    lines = [(product, 1, Decimal(10)) for product in shop.products]
    result = app.checkout(parity_db.dsn, shop.customer, "ACME-1", lines)
    assert result.ok, result.error
    rows = parity_db.owner.execute("SELECT count(*) FROM order_items WHERE order_id = %s", (result.value,)).fetchone()
    assert rows == (4,)


@pytest.mark.prodparity
def test_a_number_is_used_once(parity_db, shop):
    lines = [(shop.products[0], 1, Decimal(10))]
    assert app.checkout(parity_db.dsn, shop.customer, "ACME-2", lines).ok
    again = app.checkout(parity_db.dsn, shop.customer, "ACME-2", lines)
    assert again == app.Result(False, error="this order exists already")
