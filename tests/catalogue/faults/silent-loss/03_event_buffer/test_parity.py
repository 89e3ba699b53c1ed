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
def test_events_are_written(parity_db, tenant):
    with app.EventLog(parity_db.dsn, tenant) as log:
        log.add("product", 77, "viewed", seconds=4)
        log.add("product", 77, "bought")
        log.add("product", 78, "viewed")
    rows = parity_db.owner.execute("SELECT action FROM events WHERE tenant_id = %s ORDER BY id", (tenant,)).fetchall()
    assert [row[0] for row in rows] == ["viewed", "bought", "viewed"]
