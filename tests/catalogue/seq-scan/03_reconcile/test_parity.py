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
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, 'ACME-1', 99.90 FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
@pytest.mark.parametrize("amount", ["99,90", "99,91"])
def test_settlement_line(parity_db, order, amount):
    with parity_db.connect() as conn:
        found = app.first_mismatch(conn, ["order;amount", f"{order};{amount}"])
    assert (found is None) == (amount == "99,90")
    if found:
        assert found.amount == Decimal("99.91")
