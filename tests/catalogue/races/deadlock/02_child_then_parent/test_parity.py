import app
import pytest
from django.db import connection


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


def request(call):
    """Connections are closed at the end of a request."""
    try:
        return call()
    finally:
        connection.close()


@pytest.mark.prodparity
def test_two_replies(parity_race, ticket):
    parity_race(
        lambda: request(lambda: app.reply(ticket, "kim", "On its way")),
        lambda: request(lambda: app.reply(ticket, "ann", "Thank you")),
    )
