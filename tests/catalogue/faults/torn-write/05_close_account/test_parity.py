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
@pytest.mark.asyncio
async def test_nothing_personal_is_left(parity_db, customer):
    db = parity_db.owner
    db.execute(
        "INSERT INTO sessions (token, customer_id, expires_at) VALUES ('t-ann', %s, now() + interval '1 day')",
        (customer,),
    )
    db.execute(
        "INSERT INTO addresses (customer_id, street, city, postcode, country) VALUES (%s, 'Main 1', 'Ulm', '89073', 'DE')",
        (customer,),
    )
    assert await app.erase(parity_db.dsn, customer)
    row = db.execute(
        "SELECT c.name, (SELECT min(city) FROM addresses WHERE customer_id = c.id), "
        "(SELECT count(*) FROM sessions WHERE customer_id = c.id) FROM customers c WHERE c.id = %s",
        (customer,),
    ).fetchone()
    assert row == ("erased", "erased", 0)
