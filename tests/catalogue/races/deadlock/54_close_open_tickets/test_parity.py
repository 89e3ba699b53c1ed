import app
import pytest


@pytest.fixture
def desk(parity_db):
    """A tenant, an employee, and the tenant's tickets."""
    employee = parity_db.owner.execute(
        "INSERT INTO employees (email, name, team) VALUES ('eve@acme.example', 'Eve', 'support') RETURNING id"
    ).fetchone()[0]
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO tickets (tenant_id, customer_id, subject)
        SELECT tenant_id, id, subject FROM customer, unnest(ARRAY['Broken', 'Late', 'Lost']) AS subject
        RETURNING tenant_id, id
    """).fetchall()
    return rows[0][0], employee, sorted(row[1] for row in rows)


@pytest.mark.prodparity
async def test_tickets_are_assigned_while_they_are_closed(parity_db, parity_race, desk):
    tenant, employee, tickets = desk
    await parity_race(
        lambda: app.assign(parity_db.dsn, employee, tickets[::-1]),
        lambda: app.close_open(parity_db.dsn, tenant),
    )
