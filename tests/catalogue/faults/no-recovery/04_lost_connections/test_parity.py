from decimal import Decimal

import app
import pytest


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    if app.pool.cache_info().currsize:
        app.pool().close()


@pytest.fixture
def product(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    db.execute("UPDATE countries SET vat = 19 WHERE code = 'DE'")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    return db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) VALUES (%s, 'M-1', 'Mug', 9.99) RETURNING id", (tenant,)
    ).fetchone()[0]


@pytest.mark.prodparity
def test_price_in_germany(product):
    assert app.gross_price(product, "DE") == Decimal("11.89")
