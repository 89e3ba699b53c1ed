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
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug' FROM customer RETURNING *
        )
        SELECT id FROM ticket
    """).fetchone()[0]


@pytest.mark.prodparity
def test_reply(parity_db, ticket):
    message = app.reply(parity_db.dsn, ticket, "kim", "It is on its way")
    row = parity_db.owner.execute(
        "SELECT t.status, m.author FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.id = %s", (message,)
    ).fetchone()
    assert row == ("waiting", "kim")
