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
async def test_login(parity_db, customer):
    tenant = parity_db.owner.execute("SELECT tenant_id FROM customers WHERE id = %s", (customer,)).fetchone()[0]
    token = await app.login(parity_db.dsn, tenant, "ann@acme.example")
    row = parity_db.owner.execute("SELECT customer_id FROM sessions WHERE token = %s", (token,)).fetchone()
    assert row == (customer,)
    with pytest.raises(app.UnknownCustomer):
        await app.login(parity_db.dsn, tenant, "bob@acme.example")
