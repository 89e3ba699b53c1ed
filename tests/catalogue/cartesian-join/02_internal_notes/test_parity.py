import app
import pytest


@pytest.fixture
def tickets(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, subject, status)
            SELECT tenant_id, id, status, status FROM customer, unnest(ARRAY['open', 'closed']) status
            RETURNING id, tenant_id, status
        ),
        message AS (INSERT INTO messages (ticket_id, author, body, internal) SELECT id, 'kim', 'Hm.', true FROM ticket)
        SELECT tenant_id, min(id) FILTER (WHERE status = 'open'), min(id) FILTER (WHERE status = 'closed')
        FROM ticket GROUP BY tenant_id
    """).fetchone()


@pytest.mark.prodparity
def test_open_tickets_with_notes_get_an_icon(parity_db, tickets):
    tenant, opened, closed = tickets
    with parity_db.connect() as conn:
        assert app.icons(conn, tenant, [opened, closed]) == {opened: "note", closed: ""}
