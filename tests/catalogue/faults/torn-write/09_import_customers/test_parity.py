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


@pytest.fixture
def path(tmp_path):
    lines = [f"c{n}@partner.example;Customer {n};de" for n in range(180)]
    path = tmp_path / "customers.csv"
    path.write_text("email;name;country\n" + "\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.prodparity
def test_the_whole_file_is_imported(parity_db, tenant, path):
    assert app.import_file(parity_db.dsn, tenant, path) == 180
    count = parity_db.owner.execute("SELECT count(*) FROM customers WHERE tenant_id = %s", (tenant,)).fetchone()[0]
    assert count == 180
