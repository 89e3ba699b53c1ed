from decimal import Decimal
from types import SimpleNamespace

import app
import psycopg
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
def conn(parity_db):
    with psycopg.connect(parity_db.dsn, autocommit=True) as conn:
        yield conn


@pytest.mark.prodparity
def test_order_is_stored_with_its_lines(parity_db, conn, shop):
    lines = [app.Line(product, 2, Decimal("10.00")) for product in shop.products]
    order = app.place_order(conn, shop.tenant, shop.customer, "ACME-1", lines)
    total = parity_db.owner.execute("SELECT total FROM orders WHERE id = %s", (order,)).fetchone()[0]
    assert total == Decimal("80.00")
    count = parity_db.owner.execute("SELECT count(*) FROM order_items WHERE order_id = %s", (order,)).fetchone()[0]
    assert count == 4
