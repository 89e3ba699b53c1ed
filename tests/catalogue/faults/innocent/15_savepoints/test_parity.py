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
def test_known_codes_are_reported(parity_db, tenant):
    parity_db.owner.execute("INSERT INTO coupons (tenant_id, code, percent) VALUES (%s, 'OLD', 5)", (tenant,))
    assert app.import_coupons(parity_db.engine, tenant, {"NEW": 10, "OLD": 50, "MAY": 15}) == ["OLD"]
    rows = parity_db.owner.execute(
        "SELECT code, percent FROM coupons WHERE tenant_id = %s ORDER BY code", (tenant,)
    ).fetchall()
    assert rows == [("MAY", 15), ("NEW", 10), ("OLD", 5)]
