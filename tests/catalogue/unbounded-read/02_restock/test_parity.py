import app
import pytest


@pytest.fixture
def product(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    warehouse = db.execute("INSERT INTO warehouses (name, country) VALUES ('North', 'DE') RETURNING id").fetchone()[0]
    products = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 3) n RETURNING id",
        (tenant,),
    ).fetchall()
    for (product,), quantity, reserved in zip(products, (0, 0, 9), (999, 0, 1), strict=True):
        db.execute("INSERT INTO inventory VALUES (%s, %s, %s, %s)", (product, warehouse, quantity, reserved))
    return products[0][0]


@pytest.mark.prodparity
def test_what_ran_out_is_suggested(parity_db, product):
    with parity_db.connect() as conn:
        first = app.suggestions(conn)[0]
    assert (first["product"], first["missing"]) == (product, 999)
