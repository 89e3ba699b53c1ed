import app
import asyncpg
import pytest


@pytest.fixture
def invoice(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number) SELECT tenant_id, id, 'ACME-1' FROM customer RETURNING *
        )
        INSERT INTO invoices (tenant_id, order_id, number, amount, due_on)
        SELECT tenant_id, id, 'I-ACME-1', 19.9, '2024-02-29' FROM placed RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_seal_is_noted_on_the_order(parity_db, invoice):
    conn = await asyncpg.connect(parity_db.dsn)
    try:
        value = await app.seal_invoice(conn, invoice)
    finally:
        await conn.close()
    notes = parity_db.owner.execute(
        "SELECT o.notes FROM orders o JOIN invoices i ON i.order_id = o.id WHERE i.id = %s", (invoice,)
    ).fetchone()
    assert notes == (f"seal {value}",)
