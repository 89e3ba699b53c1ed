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


@pytest.fixture
def order(parity_db, products):
    db = parity_db.owner
    db.execute("UPDATE inventory SET reserved = 1 WHERE product_id = %s", (products[0],))
    return db.execute(
        """
        WITH customer AS (
            INSERT INTO customers (tenant_id, email, name)
            SELECT tenant_id, 'ann@acme.example', 'Ann' FROM products WHERE id = %s RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, 'ACME-1', 10 FROM customer RETURNING id
        """,
        (products[0],),
    ).fetchone()[0]


@pytest.mark.prodparity
def test_picked_while_cancelled(parity_db, parity_race, order, products):
    parity_race(
        lambda: app.cancel(parity_db.dsn, order, products[0]),
        lambda: app.pick(parity_db.dsn, order, products[0]),
    )
