from decimal import Decimal

import app
import pytest


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


@pytest.mark.prodparity(faults="tolerate")
async def test_an_order_is_placed_once(parity_db, customer):
    engine = app.make_engine()
    try:
        first = await app.place(engine, customer, "EXT-1", Decimal("20.00"))
        assert await app.place(engine, customer, "EXT-1", Decimal("20.00")) == first
    finally:
        await engine.dispose()
    rows = parity_db.owner.execute("SELECT number FROM orders WHERE customer_id = %s", (customer,)).fetchall()
    assert rows == [("EXT-1",)]
