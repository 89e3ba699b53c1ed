import app
import pytest
from sqlalchemy.ext.asyncio import create_async_engine


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


@pytest.mark.prodparity
async def test_the_cookie_is_renewed(parity_db, customer):
    parity_db.owner.execute(
        "INSERT INTO sessions (token, customer_id, expires_at) VALUES ('t-1', %s, now())", (customer,)
    )
    engine = create_async_engine(parity_db.async_url)
    try:
        assert (await app.extend_session(engine, "t-1")).startswith("sid=t-1;")
    finally:
        await engine.dispose()
    row = parity_db.owner.execute("SELECT last_seen IS NOT NULL FROM customers WHERE id = %s", (customer,)).fetchone()
    assert row == (True,)
