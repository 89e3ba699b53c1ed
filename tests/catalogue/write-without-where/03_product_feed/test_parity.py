import app
import pytest


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO products (tenant_id, sku, name, price, active) "
        "SELECT %s, 'SKU-' || n, 'Product', n, n < 4 FROM generate_series(1, 5) n",
        (tenant,),
    )
    return tenant


@pytest.mark.prodparity
def test_feed_decides_what_is_sold(parity_db, tenant):
    assert app.apply_feed(parity_db.engine, tenant, {"SKU-2", "SKU-5"}) == 2
    rows = parity_db.owner.execute("SELECT sku FROM products WHERE tenant_id = %s AND active ORDER BY sku", (tenant,))
    assert rows.fetchall() == [("SKU-2",), ("SKU-5",)]
