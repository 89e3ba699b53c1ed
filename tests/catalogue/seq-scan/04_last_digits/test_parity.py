import app
import pytest


@pytest.fixture
def order(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number)
        SELECT tenant_id, id, 'ACME-77-31415926' FROM customer RETURNING number
    """).fetchone()[0]


@pytest.mark.prodparity
def test_order_is_found_by_its_last_digits(parity_db, order):
    assert order in app.search("31415926")
    assert order not in app.search("31415927")
