import io

import app
import pytest


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    return db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]


@pytest.mark.prodparity
def test_price_list_is_imported(parity_db, tenant):
    lines = ["sku,name,price", *(f"A{n},Mug {n},{n}.90" for n in range(12))]
    assert app.import_products(parity_db.engine, tenant, io.StringIO("\n".join(lines))) == 12
    stored = parity_db.owner.execute("SELECT count(*), max(price) FROM products WHERE tenant_id = %s", (tenant,))
    assert [float(value) for value in stored.fetchone()] == [12, 11.90]
