import app
import pytest
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_coupons(parity_db, tenant, monkeypatch):
    drawn = iter(["AAAAAA", "AAAAAA", "BBBBBB"])
    monkeypatch.setattr(app, "new_code", lambda: next(drawn))
    assert app.issue(tenant, [10, 20]) == ["AAAAAA", "BBBBBB"]
    rows = parity_db.owner.execute(
        "SELECT percent FROM coupons WHERE tenant_id = %s ORDER BY code", (tenant,)
    ).fetchall()
    assert rows == [(10,), (20,)]
