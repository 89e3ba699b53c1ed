import app
import asyncpg
import pytest
import pytest_asyncio


@pytest.fixture
def customers(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, points)
            SELECT id, name || '@acme.example', name, 100 FROM tenant, unnest(ARRAY['ann', 'bob']) name RETURNING *
        )
        SELECT id FROM customer ORDER BY email
    """).fetchall()
    return [row[0] for row in rows]


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
async def test_merged_both_ways(pool, parity_race, customers):
    ann, bob = customers
    await parity_race(lambda: app.merge(pool, ann, bob), lambda: app.merge(pool, bob, ann))
