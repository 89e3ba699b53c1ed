import app
import pytest


@pytest.fixture
def tickets(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    rows = db.execute(
        "INSERT INTO tickets (tenant_id, customer_id, subject, deleted_at) "
        "SELECT %s, %s, 'Broken mug', now() - days * interval '1 day' FROM unnest(ARRAY[4000, 3999, 2]) AS days RETURNING id",
        (tenant, customer),
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_only_old_tickets_are_removed(parity_db, tickets):
    conn = app.connect()
    try:
        assert app.empty_trash(conn) >= 2
    finally:
        conn.close()
    subjects = parity_db.owner.execute(
        "SELECT subject FROM tickets WHERE id = ANY(%s) ORDER BY id", (tickets,)
    ).fetchall()
    assert [s for (s,) in subjects] == ["(removed)", "(removed)", "Broken mug"]
