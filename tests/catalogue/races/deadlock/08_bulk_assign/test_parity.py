import app
import pytest
from django.db import connection


@pytest.fixture
def tickets(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug ' || n FROM customer, generate_series(1, 2) n RETURNING *
        )
        SELECT id FROM ticket ORDER BY subject
    """).fetchall()
    return [row[0] for row in rows]


def request(call):
    """Connections are closed at the end of a request."""
    try:
        return call()
    finally:
        connection.close()


@pytest.mark.prodparity
def test_two_agents(parity_race, tickets):
    first, second = tickets
    parity_race(
        lambda: request(lambda: app.change([first, second], 1)),
        lambda: request(lambda: app.change([second, first], 2)),
    )
