import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_two_forms(parity_db, parity_race, customer):
    parity_race(
        lambda: app.rename(parity_db.engine, customer, "Anna"), lambda: app.subscribe(parity_db.engine, customer)
    )
