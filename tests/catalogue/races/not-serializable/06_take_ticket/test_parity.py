import app
import asyncpg
import pytest
import pytest_asyncio


@pytest.fixture
def ticket(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug' FROM customer RETURNING *
        )
        SELECT id FROM ticket
    """).fetchone()[0]


@pytest.fixture
def agents(parity_db):
    rows = parity_db.owner.execute(
        "INSERT INTO employees (email, name, team) "
        "SELECT name || '@acme.example', name, 'acme' FROM unnest(ARRAY['kim', 'lee']) name RETURNING id"
    ).fetchall()
    return [row[0] for row in rows]


@pytest_asyncio.fixture
async def pool(parity_db):
    async with asyncpg.create_pool(parity_db.dsn, min_size=2, max_size=4) as pool:
        yield pool


@pytest.mark.prodparity
async def test_two_agents(pool, parity_race, ticket, agents):
    await parity_race(
        lambda: app.take(pool, ticket, agents[0]),
        lambda: app.take(pool, ticket, agents[1]),
    )
