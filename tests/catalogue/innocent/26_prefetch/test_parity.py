import app
import pytest


@pytest.fixture
def employees(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        employee AS (
            INSERT INTO employees (email, name, team)
            SELECT n || '@acme.example', 'Employee ' || n, 'support' FROM generate_series(1, 4) n RETURNING id
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, assignee_id, subject)
            SELECT customer.tenant_id, customer.id, employee.id, 'Ticket' FROM customer, employee, generate_series(1, 3) n
            RETURNING id
        ),
        message AS (INSERT INTO messages (ticket_id, author, body) SELECT id, 'ann', 'Hi' FROM ticket, generate_series(1, 2))
        SELECT id FROM employee
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_overview(parity_db, employees):
    overview = app.overview(employees)
    assert overview == {f"Employee {n}": [("Ticket", 2)] * 3 for n in range(1, 5)}
