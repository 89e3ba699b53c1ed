from decimal import Decimal

import app
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture
def order(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-1', 99.90 FROM customer RETURNING *
        )
        SELECT id FROM placed
    """).fetchone()[0]


@pytest_asyncio.fixture
async def engine(parity_db):
    engine = create_async_engine(parity_db.async_url)
    yield engine
    await engine.dispose()


@pytest.mark.prodparity
async def test_two_payments(engine, parity_race, order):
    await parity_race(
        lambda: app.pay(engine, order, Decimal("40.00")),
        lambda: app.pay(engine, order, Decimal("59.90")),
    )
