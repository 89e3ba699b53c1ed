import app
import pytest


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO products (tenant_id, sku, name, price, active) "
        "SELECT %s, 'acme-' || n, 'Product', n, n <> 5 FROM generate_series(1, 10) n",
        (tenant,),
    )


@pytest.mark.prodparity
def test_active_products_are_listed(parity_db, products):
    chunk = max(3, parity_db.owner.execute("SELECT count(*) FROM products").fetchone()[0] // 5)
    lines = app.sitemap(chunk).splitlines()
    assert len(lines) == len(set(lines))
    assert sum("-acme-" in line for line in lines) == 9
