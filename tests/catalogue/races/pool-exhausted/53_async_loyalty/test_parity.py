import app
import pytest


@pytest.fixture
def orders(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, segment)
            SELECT tenant.id, who || '@acme.example', who, 'vip' FROM tenant, unnest(ARRAY['ann', 'bob']) AS who
            RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, 'ACME-' || name, 99.90 FROM customer RETURNING id
    """)
    return [row[0] for row in rows]


@pytest.mark.prodparity
async def test_two_orders(parity_db, parity_race, orders):
    first, second = orders
    pool = await app.make_pool(parity_db.dsn)
    try:
        await parity_race(lambda: app.reward(pool, first), lambda: app.reward(pool, second))
    finally:
        pool.terminate()
