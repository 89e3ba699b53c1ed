import datetime as dt

import app
import asyncpg
import pytest

DAY = dt.date(2031, 3, 9)


@pytest.fixture
def payments(parity_db):
    parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        "order" AS (
            INSERT INTO orders (tenant_id, customer_id, number) SELECT tenant_id, id, 'ACME-1' FROM customer RETURNING id
        )
        INSERT INTO payments (order_id, provider, provider_ref, status, amount, created_at)
        SELECT "order".id, 'card', ref, status, 10, at::timestamptz FROM "order", (VALUES
            ('acme-1', 'failed', '2031-03-09 00:00Z'), ('acme-2', 'failed', '2031-03-09 23:59Z'),
            ('acme-3', 'settled', '2031-03-09 12:00Z'), ('acme-4', 'failed', '2031-03-10 00:00Z')) v (ref, status, at)
    """)


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_only_the_days_failures_are_reported(parity_db, payments):
    conn = await asyncpg.connect(parity_db.dsn)
    try:
        assert await app.message(conn, DAY) == "09.03.: 2 failed payments, 20.00 in total"
    finally:
        await conn.close()
