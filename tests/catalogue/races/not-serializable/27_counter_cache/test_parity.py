import app
import pytest
from django.db import connection


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


@pytest.fixture
def customer(parity_db, products):
    return parity_db.owner.execute(
        "INSERT INTO customers (tenant_id, email, name) "
        "SELECT tenant_id, 'ann@acme.example', 'Ann' FROM products WHERE id = %s RETURNING id",
        (products[0],),
    ).fetchone()[0]


def request(call):
    """Connections are closed at the end of a request."""
    try:
        return call()
    finally:
        connection.close()


@pytest.mark.prodparity
def test_two_reviews(parity_race, customer, products):
    parity_race(
        lambda: request(lambda: app.review(customer, products[0], 5)),
        lambda: request(lambda: app.review(customer, products[1], 4)),
    )
