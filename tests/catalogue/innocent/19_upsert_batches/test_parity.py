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
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 60) n RETURNING id",
        (tenant,),
    ).fetchall()
    return warehouse, [row[0] for row in products]


@pytest.mark.prodparity
def test_levels_are_taken_over(parity_db, stock):
    warehouse, products = stock
    levels = [(product, warehouse, n) for n, product in enumerate(products)]
    assert app.sync(levels, batch=10) == 6
    assert app.sync(levels[:5], batch=10) == 1
    total = parity_db.owner.execute(
        "SELECT count(*), sum(quantity) FROM inventory WHERE warehouse_id = %s", (warehouse,)
    )
    assert total.fetchone() == (60, 1770)
