import app
import pytest


@pytest.fixture
def ann(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    return db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING tenant_id, id",
        (tenant,),
    ).fetchone()


@pytest.mark.prodparity
def test_customer_is_found_each_time(parity_db, ann):
    tenant, customer = ann
    conn = app.connect()
    try:
        assert app.customer_id(conn, tenant, "ann@acme.example") == customer
        assert app.customer_id(conn, tenant, "Ann@acme.example") == customer
        with pytest.raises(LookupError):
            app.customer_id(conn, tenant, "bob@acme.example")
    finally:
        conn.close()
