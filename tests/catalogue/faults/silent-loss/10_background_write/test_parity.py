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
async def test_greeting(parity_db, customer):
    assert app.visit(parity_db.dsn, customer) == "Welcome back!"
    await app.shutdown()
