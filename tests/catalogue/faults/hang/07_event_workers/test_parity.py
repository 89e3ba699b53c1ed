import app
import asyncpg
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
async def test_an_event_is_stored(parity_db, tenant):
    async with asyncpg.create_pool(parity_db.dsn, min_size=1, max_size=1) as pool:
        await app.Writer(pool, tenant, workers=1).write([app.Event("order", 5, "paid", {"by": "card"})])
    rows = parity_db.owner.execute("SELECT action FROM events WHERE tenant_id = %s", (tenant,)).fetchall()
    assert rows == [("paid",)]
