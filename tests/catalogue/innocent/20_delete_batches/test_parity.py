import app
import pytest


@pytest.fixture
def customer(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    db.execute(
        "INSERT INTO emails (customer_id, recipient, subject, body) "
        "SELECT %s, 'ann@acme.example', 'Hello', '' FROM generate_series(1, 45)",
        (customer,),
    )
    return customer


@pytest.mark.prodparity
def test_all_mails_go(parity_db, customer):
    assert app.forget_mails(parity_db.engine, customer, batch=10) == 45
    left = parity_db.owner.execute("SELECT count(*) FROM emails WHERE customer_id = %s", (customer,)).fetchone()
    assert left == (0,)
