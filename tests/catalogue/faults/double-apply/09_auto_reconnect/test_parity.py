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


@pytest.fixture
def db(parity_db):
    db = app.Connection(parity_db.dsn)
    yield db
    db.close()


@pytest.mark.prodparity
def test_a_reminder_is_queued(parity_db, db, customer):
    app.remind(db, customer, "Your cart")
    rows = parity_db.owner.execute(
        "SELECT DISTINCT recipient FROM emails WHERE customer_id = %s", (customer,)
    ).fetchall()
    assert rows == [("ann@acme.example",)]
