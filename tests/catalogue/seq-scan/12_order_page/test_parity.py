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
        SELECT tenant_id, id, 'ACME-1' FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_order_view(parity_db, order):
    with parity_db.connect() as conn:
        assert app.order_view(conn, str(order))["number"] == "ACME-1"


@pytest.mark.prodparity
def test_no_such_order(parity_db):
    with parity_db.connect() as conn, pytest.raises(app.NotFound):
        app.order_view(conn, "latest")
