import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 430) n RETURNING id",
        (tenant,),
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_all_products_are_loaded(parity_db, products):
    with Session(parity_db.engine) as session:
        assert list(app.load(session, products)) != []
        assert set(app.load(session, products)) == set(products)
