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


@pytest.fixture
def tenant(parity_db, customer):
    query = "UPDATE tenants SET seats = 2 WHERE id = (SELECT tenant_id FROM customers WHERE id = %s) RETURNING id"
    return parity_db.owner.execute(query, (customer,)).fetchone()[0]


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
async def test_one_seat_left(pool, parity_race, tenant):
    await parity_race(
        lambda: app.invite(pool, tenant, "kim@acme.example"),
        lambda: app.invite(pool, tenant, "lee@acme.example"),
    )
