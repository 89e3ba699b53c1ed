import app
import pytest


@pytest.fixture
def stock(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    warehouse = db.execute("INSERT INTO warehouses (name, country) VALUES ('North', 'DE') RETURNING id").fetchone()[0]
    products = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 6) n RETURNING id",
        (tenant,),
    ).fetchall()
    products = [row[0] for row in products]
    db.execute(
        "INSERT INTO inventory (product_id, warehouse_id, quantity) SELECT unnest(%s), %s, 10", (products, warehouse)
    )
    return warehouse, products


def reserved(parity_db, products):
    query = "SELECT reserved FROM inventory WHERE product_id = ANY(%s) ORDER BY product_id"
    return [row[0] for row in parity_db.owner.execute(query, (products,))]


@pytest.mark.prodparity
def test_all_lines_are_reserved(parity_db, stock):
    warehouse, products = stock
    app.reserve_order(warehouse, [(product, 3) for product in products])
    assert reserved(parity_db, products) == [3] * 6


@pytest.mark.prodparity
def test_nothing_is_reserved_when_one_line_is_short(parity_db, stock):
    warehouse, products = stock
    with pytest.raises(app.OutOfStock):
        app.reserve_order(warehouse, [(products[0], 3), (products[1], 11)])
    assert reserved(parity_db, products) == [0] * 6
