import io
import json

import app
import pytest


@pytest.fixture
def ticket(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug' FROM customer RETURNING id
        ),
        message AS (
            INSERT INTO messages (ticket_id, author, body, created_at)
            SELECT id, 'ann', 'Hello ' || n, now() + n * interval '1 minute' FROM ticket, generate_series(1, 4) n
        )
        SELECT id FROM ticket
    """).fetchone()[0]


@pytest.mark.prodparity
def test_messages_come_oldest_first(parity_db, ticket):
    out = io.StringIO()
    conn = app.connect()
    try:
        count = app.export_messages(conn, out)
    finally:
        conn.close()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == count
    assert [line["body"] for line in lines if line["ticket"] == ticket] == ["Hello 1", "Hello 2", "Hello 3", "Hello 4"]
