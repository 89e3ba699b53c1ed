import app
import pytest
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.fixture
def order(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-1', 99.90 FROM customer RETURNING *
        )
        SELECT id FROM placed
    """).fetchone()[0]


@pytest.mark.prodparity
def test_a_gift_card_gives_points_once(parity_db, order):
    customer = parity_db.owner.execute("SELECT customer_id FROM orders WHERE id = %s", (order,)).fetchone()[0]
    app.redeem(order, customer)
    app.redeem(order, customer)
    assert parity_db.owner.execute("SELECT points FROM customers WHERE id = %s", (customer,)).fetchone() == (99,)
