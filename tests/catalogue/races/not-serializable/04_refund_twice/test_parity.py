import app
import pytest
from django.db import connection


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


@pytest.fixture
def payment(parity_db, order):
    return parity_db.owner.execute(
        "INSERT INTO payments (order_id, provider, provider_ref, status, amount) "
        "SELECT id, 'card', 'ch_1', 'settled', total FROM orders WHERE id = %s RETURNING id",
        (order,),
    ).fetchone()[0]


def request(call):
    """Connections are closed at the end of a request."""
    try:
        return call()
    finally:
        connection.close()


@pytest.mark.prodparity
def test_two_agents_refund(parity_db, parity_race, order, payment):
    customer = parity_db.owner.execute("SELECT customer_id FROM orders WHERE id = %s", (order,)).fetchone()[0]
    parity_race(
        lambda: request(lambda: app.refund(payment, customer)),
        lambda: request(lambda: app.refund(payment, customer)),
    )
