import app
import asyncpg
import pytest
import pytest_asyncio


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


@pytest_asyncio.fixture
async def sessions(parity_db):
    conn = await asyncpg.connect(parity_db.dsn, timeout=2, command_timeout=2)
    yield app.Sessions(conn)
    conn.terminate()


@pytest.mark.prodparity
async def test_logged_out_elsewhere(sessions, customer):
    phone = await sessions.open(customer)
    laptop = await sessions.open(customer)
    tablet = await sessions.open(customer, minutes=5)
    assert await sessions.close_others(laptop) == 2
    assert [await sessions.customer(token) for token in (phone, laptop, tablet)] == [None, customer, None]
