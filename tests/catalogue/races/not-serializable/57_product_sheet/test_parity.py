import app
import pytest


@pytest.fixture
def product(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'LAMP', 'Lamp', 20 FROM tenant RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_two_edits(parity_db, parity_race, product):
    parity_race(
        lambda: app.set_attribute(parity_db.dsn, product, "colour", "red"),
        lambda: app.set_attribute(parity_db.dsn, product, "size", "XL"),
    )
