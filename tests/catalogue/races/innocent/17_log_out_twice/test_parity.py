import app
import asyncpg
import pytest
import pytest_asyncio


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, points)
            SELECT id, 'ann@acme.example', 'Ann', 100 FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
async def test_two_tabs(pool, parity_db, parity_race, customer):
    parity_db.owner.execute(
        "INSERT INTO sessions (token, customer_id, expires_at) VALUES ('acme-token', %s, now() + interval '1 day')",
        (customer,),
    )
    await parity_race(lambda: app.log_out(pool, "acme-token"), lambda: app.log_out(pool, "acme-token"))
