from decimal import Decimal

import app
import pytest


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 5) n RETURNING id",
        (tenant,),
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_cart_total(parity_db, products):
    with parity_db.connect() as conn:
        assert app.cart_total(conn, dict.fromkeys(products, 2), percent_off=10) == Decimal("27.00")


@pytest.mark.prodparity
def test_unknown_product(parity_db, products):
    with parity_db.connect() as conn, pytest.raises(app.UnknownProduct):
        app.cart_total(conn, {products[-1] + 1: 1})
