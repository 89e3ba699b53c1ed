import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def tickets(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO tickets (tenant_id, customer_id, subject)
        SELECT tenant_id, id, subject FROM customer, unnest(ARRAY['Mug', 'Broken mug']) AS subject RETURNING id
    """).fetchall()
    duplicate, target = (row[0] for row in rows)
    parity_db.owner.execute(
        "INSERT INTO messages (ticket_id, author, body) VALUES (%s, 'ann', 'It broke'), (%s, 'ann', 'Hello?')",
        (duplicate, duplicate),
    )
    return duplicate, target


@pytest.mark.prodparity
def test_merged_ticket_is_closed_and_empty(parity_db, tickets):
    duplicate, target = tickets
    with Session(parity_db.engine) as session:
        app.MergeService(session).merge(duplicate, target, "kim")
    db = parity_db.owner
    assert db.execute("SELECT status FROM tickets WHERE id = %s", (duplicate,)).fetchone() == ("closed",)
    messages = db.execute("SELECT author FROM messages WHERE ticket_id = %s ORDER BY id", (target,)).fetchall()
    assert messages == [("ann",), ("ann",), ("kim",)]
