import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_a_mail_is_spooled(parity_db, customer):
    parity_db.owner.execute(
        "INSERT INTO emails (customer_id, recipient, subject, body) VALUES (%s, 'ann@acme.example', 'Hi', '…')",
        (customer,),
    )
    spool = []
    assert app.work(parity_db.dsn, customer, lambda number, to, subject: spool.append((to, subject))) == 1
    assert spool == [("ann@acme.example", "Hi")]
