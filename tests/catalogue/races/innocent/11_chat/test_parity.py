import app
import pytest


@pytest.fixture
def ticket(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug' FROM customer RETURNING *
        )
        SELECT id FROM ticket
    """).fetchone()[0]


@pytest.mark.prodparity
def test_two_say_something(parity_db, parity_race, ticket):
    parity_race(
        lambda: app.say(parity_db.dsn, ticket, "kim", "Hello"),
        lambda: app.say(parity_db.dsn, ticket, "ann", "Good morning"),
    )
