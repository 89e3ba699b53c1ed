import app
import pytest


@pytest.fixture
def stock(parity_db):
    product = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'LAMP', 'Lamp', 20 FROM tenant RETURNING id
    """).fetchone()[0]
    rows = parity_db.owner.execute(
        """
        WITH house AS (
            INSERT INTO warehouses (id, name, country)
            SELECT n, 'Acme ' || n, 'DE' FROM unnest(ARRAY[9001, 9002]) AS n RETURNING id
        )
        INSERT INTO inventory (product_id, warehouse_id, quantity) SELECT %s, id, 10 FROM house RETURNING warehouse_id
        """,
        (product,),
    ).fetchall()
    return product, *sorted(row[0] for row in rows)


@pytest.mark.prodparity
def test_two_moves_in_opposite_directions(parity_db, parity_race, stock):
    product, north, south = stock
    parity_race(
        lambda: app.move_stock(parity_db.dsn, product, north, south, 4),
        lambda: app.move_stock(parity_db.dsn, product, south, north, 3),
    )
