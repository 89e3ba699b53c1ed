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
def test_two_forms(parity_db, parity_race, customer):
    home, office = ("Main St 1", "Bonn", "53111", "DE"), ("Park Ave 2", "Bonn", "53113", "DE")
    app.save_addresses(parity_db.dsn, customer, [home])
    parity_race(
        lambda: app.save_addresses(parity_db.dsn, customer, [office]),
        lambda: app.save_addresses(parity_db.dsn, customer, [("Hill Rd 3", "Bonn", "53115", "DE")]),
    )
