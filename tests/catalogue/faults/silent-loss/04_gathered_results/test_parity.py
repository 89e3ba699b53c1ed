import app
import asyncpg
import pytest


@pytest.fixture
def tickets(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO tickets (tenant_id, customer_id, subject)
        SELECT tenant_id, id, 'Ticket ' || n FROM customer, generate_series(1, 3) n RETURNING id
    """).fetchall()
    return [row[0] for row in rows]


@pytest.fixture
def kim(parity_db):
    query = "INSERT INTO employees (email, name, team) VALUES ('kim@acme.example', 'Kim', 'desk') RETURNING id"
    return parity_db.owner.execute(query).fetchone()[0]


@pytest.mark.prodparity
async def test_hand_over(parity_db, tickets, kim):
    async with asyncpg.create_pool(parity_db.dsn, min_size=1, max_size=3) as pool:
        assert await app.hand_over(pool, [(ticket, kim) for ticket in tickets]) == {"assigned": 3}
