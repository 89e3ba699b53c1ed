from decimal import Decimal

import app
import pytest


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
def test_the_same_key_books_once(parity_db, order):
    first = app.book(parity_db.dsn, "till-4-0001", order, Decimal("99.90"))
    assert app.book(parity_db.dsn, "till-4-0001", order, Decimal("99.90")) == first
    with pytest.raises(app.AmountDiffers):
        app.book(parity_db.dsn, "till-4-0001", order, Decimal("10.00"))
    count = parity_db.owner.execute("SELECT count(*) FROM payments WHERE order_id = %s", (order,)).fetchone()[0]
    assert count == 1
