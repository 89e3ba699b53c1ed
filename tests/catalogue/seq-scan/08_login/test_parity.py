import app
import pytest


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, deleted_at) VALUES "
        "(%(t)s, 'Ann.Berg@acme.example', 'Ann', NULL), (%(t)s, 'gone@acme.example', 'Gone', now())",
        {"t": tenant},
    )
    return tenant


@pytest.mark.prodparity
def test_login_in_any_case(parity_db, tenant):
    assert app.customer_for_login("ann.berg@ACME.example").name == "Ann"


@pytest.mark.prodparity
def test_deleted_customers_cannot_log_in(parity_db, tenant):
    with pytest.raises(app.LoginFailed):
        app.customer_for_login("gone@acme.example")
