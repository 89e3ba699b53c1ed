import app
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
async def test_coupons_are_stored(parity_db, tenant):
    stored = await app.refresh(app.make_engine(), "acme", [("SPRING", 10), ("LOYAL", 15)])
    assert stored == 2
    rows = parity_db.owner.execute("SELECT code FROM coupons WHERE tenant_id = %s ORDER BY code", (tenant,)).fetchall()
    assert rows == [("LOYAL",), ("SPRING",)]
