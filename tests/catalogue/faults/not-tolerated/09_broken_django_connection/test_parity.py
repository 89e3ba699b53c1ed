from datetime import UTC, datetime

import app
import pytest
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.fixture
def invoice(parity_db):
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
        INSERT INTO invoices (tenant_id, order_id, number, amount, due_on)
        SELECT tenant_id, id, 'I-ACME-1', 99.9, '2024-02-29' FROM placed RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity(faults="tolerate")
def test_paid(parity_db, invoice):
    when = datetime(2024, 2, 1, 12, tzinfo=UTC)
    app.mark_paid(invoice, when)
    assert parity_db.owner.execute("SELECT paid_at FROM invoices WHERE id = %s", (invoice,)).fetchone() == (when,)
