import app
import pytest


@pytest.fixture
def sessions(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    db.execute(
        "INSERT INTO sessions (token, customer_id, expires_at) "
        "SELECT 'acme-' || n, %s, now() - n * interval '1 day' FROM generate_series(1, 3) n",
        (customer,),
    )
    return customer


@pytest.mark.prodparity
def test_expired_sessions_are_removed(parity_db, sessions):
    with parity_db.connect() as conn:
        assert app.cleanup(conn) >= 3
    left = parity_db.owner.execute("SELECT count(*) FROM sessions WHERE customer_id = %s", (sessions,)).fetchone()
    assert left == (0,)
