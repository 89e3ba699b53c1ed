import app
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


@pytest.fixture
def employee(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        employee AS (
            INSERT INTO employees (email, name, team) VALUES ('kim@acme.example', 'Kim', 'support') RETURNING id
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, assignee_id, subject, status)
            SELECT customer.tenant_id, customer.id, employee.id, 'Ticket ' || n, 'waiting'
            FROM customer, employee, generate_series(1, 3) n RETURNING id
        ),
        message AS (
            INSERT INTO messages (ticket_id, author, body) SELECT id, author, 'Hello' FROM ticket, unnest(ARRAY['ann', 'kim', 'ann']) author
        )
        SELECT id FROM employee
    """).fetchone()[0]


@pytest_asyncio.fixture
async def session(parity_db):
    engine = create_async_engine(parity_db.async_url)
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_digest(session, employee):
    assert await app.digest(session, employee) == [f"Ticket {n} (ann x2, kim x1)" for n in (1, 2, 3)]
