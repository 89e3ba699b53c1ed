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
def test_a_tag_is_made_once(parity_db, tenant):
    first = app.tag(tenant, "Late delivery")
    assert app.tag(tenant, "late  delivery") == first
    rows = parity_db.owner.execute("SELECT name FROM tags WHERE tenant_id = %s", (tenant,)).fetchall()
    assert rows == [("late-delivery",)]
