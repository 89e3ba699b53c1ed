import app
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


@pytest.fixture
def customers(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name)
            SELECT id, n || '@acme.example', 'Customer' FROM tenant, generate_series(1, 2) n RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-1' FROM customer WHERE email LIKE '1%'
        )
        SELECT min(id) FILTER (WHERE email LIKE '1%'), min(id) FILTER (WHERE email LIKE '2%') FROM customer
    """).fetchone()


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_only_customers_without_orders_go(parity_db, customers):
    engine = create_async_engine(parity_db.async_url)
    async with AsyncSession(engine) as session:
        assert [await app.may_delete(session, customer) for customer in customers] == [False, True]
    await engine.dispose()
