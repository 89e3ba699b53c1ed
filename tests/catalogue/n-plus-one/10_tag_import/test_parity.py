import app
import pytest


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute("INSERT INTO tags (tenant_id, name) VALUES (%s, 'late')", (tenant,))
    return tenant


@pytest.mark.prodparity
def test_missing_tags_are_made(parity_db, tenant):
    names = app.split("late, broken, refund, vip, wrong size")
    tags = app.tags_for(tenant, names)
    assert [tag.name for tag in tags] == names
    stored = parity_db.owner.execute("SELECT count(*) FROM tags WHERE tenant_id = %s", (tenant,)).fetchone()
    assert stored == (5,)
