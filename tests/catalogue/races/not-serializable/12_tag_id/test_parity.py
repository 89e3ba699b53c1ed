import app
import pytest


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


@pytest.mark.prodparity
def test_the_same_new_tag(parity_db, parity_race, tickets):
    tenant = parity_db.owner.execute("SELECT tenant_id FROM tickets WHERE id = %s", (tickets[0],)).fetchone()[0]
    parity_race(
        lambda: app.tag(parity_db.dsn, tenant, tickets[0], "late"),
        lambda: app.tag(parity_db.dsn, tenant, tickets[1], "late"),
    )
