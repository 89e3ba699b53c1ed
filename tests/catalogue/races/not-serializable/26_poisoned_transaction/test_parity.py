import app
import pytest


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


@pytest.mark.prodparity
def test_two_products_of_a_new_category(parity_db, parity_race, products):
    parity_race(
        lambda: app.put(parity_db.dsn, products[0], "Acme mugs"),
        lambda: app.put(parity_db.dsn, products[1], "Acme mugs"),
    )
