import app
import psycopg
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
def test_an_import_goes_on_where_it_stopped(parity_db, tenant):
    parity_db.owner.execute("INSERT INTO jobs (queue, payload) VALUES ('imports', '{\"name\": \"acme\"}')")
    tags = [f"tag-{n}" for n in range(40)]
    with psycopg.connect(parity_db.dsn, autocommit=True, connect_timeout=2) as conn:
        app.Import(conn, "acme", tenant).run(tags)
        assert not app.Import(conn, "acme", tenant).step(tags)
    count = parity_db.owner.execute("SELECT count(*) FROM tags WHERE tenant_id = %s", (tenant,)).fetchone()[0]
    assert count == 40
