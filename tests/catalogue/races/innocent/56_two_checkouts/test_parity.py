import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        flag AS (INSERT INTO feature_flags (name, percentage) VALUES ('points-vip', 3) ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
async def test_two_rewards(parity_db, parity_race, customer):
    pool = await app.make_pool(parity_db.dsn)
    try:
        await parity_race(lambda: app.reward(pool, customer, 20, "vip"), lambda: app.reward(pool, customer, 50, "vip"))
    finally:
        pool.terminate()
