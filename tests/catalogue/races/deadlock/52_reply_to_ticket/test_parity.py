import app
import pytest


@pytest.fixture
def ticket(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Broken' FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_two_replies(parity_db, parity_race, ticket):
    parity_race(
        lambda: app.reply(parity_db.engine, ticket, "ann", "It is broken."),
        lambda: app.reply(parity_db.engine, ticket, "bob", "We are on it."),
    )
