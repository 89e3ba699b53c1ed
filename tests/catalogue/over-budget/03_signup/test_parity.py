import app
import asyncpg
import pytest
from pytest_prodparity import Budget


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    return db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]


@pytest.mark.prodparity(queries=Budget(statements=6))
@pytest.mark.asyncio
async def test_signup(parity_db, tenant):
    conn = await asyncpg.connect(parity_db.dsn)
    try:
        customer = await app.signup(conn, tenant, "ann@acme.example", "Ann", "DE")
    finally:
        await conn.close()
    row = parity_db.owner.execute(
        "SELECT c.segment, e.subject FROM customers c JOIN emails e ON e.customer_id = c.id WHERE c.id = %s",
        (customer,),
    ).fetchone()
    assert row == ("new", "Welcome to Acme")
