import app
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


@pytest.fixture
def tickets(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug ' || n FROM customer, generate_series(1, 2) n RETURNING *
        )
        SELECT id FROM ticket ORDER BY subject
    """).fetchall()
    return [row[0] for row in rows]


@pytest_asyncio.fixture
async def sessions(parity_db):
    engine = create_async_engine(parity_db.async_url, pool_size=2, max_overflow=0, pool_timeout=3)
    yield async_sessionmaker(engine)
    await engine.dispose()


@pytest.mark.prodparity
async def test_two_escalations(sessions, parity_race, tickets):
    await parity_race(lambda: app.escalate(sessions, tickets[0]), lambda: app.escalate(sessions, tickets[1]))
