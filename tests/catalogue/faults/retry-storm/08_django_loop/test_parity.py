import app
import pytest
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_a_visit_is_noted(parity_db, customer):
    assert app.seen(customer)
    row = parity_db.owner.execute("SELECT last_seen IS NOT NULL FROM customers WHERE id = %s", (customer,)).fetchone()
    assert row == (True,)
