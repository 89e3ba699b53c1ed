import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, newsletter) "
        "SELECT %s, n || '@acme.example', 'Customer', true FROM generate_series(1, 2) n",
        (tenant,),
    )
    return tenant


@pytest.mark.prodparity
def test_unsubscribe(parity_db, tenant):
    with Session(parity_db.engine) as session:
        app.unsubscribe(session, tenant, ["1@acme.example", "2@acme.example"])
    left = parity_db.owner.execute("SELECT count(*) FROM customers WHERE tenant_id = %s AND newsletter", (tenant,))
    assert left.fetchone() == (0,)
