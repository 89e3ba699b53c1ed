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
        INSERT INTO orders (tenant_id, customer_id, number, reference)
        SELECT tenant_id, id, 'ACME-1', 'purchase 4711/b' FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
@pytest.mark.parametrize("text", ["acme-1", " purchase 4711/b"])
def test_order_is_found_either_way(parity_db, order, text):
    with parity_db.engine.connect() as conn:
        assert [hit.id for hit in app.quick_find(conn, text)] == [order]
