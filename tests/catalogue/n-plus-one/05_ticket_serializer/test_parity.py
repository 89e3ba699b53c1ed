import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        employee AS (
            INSERT INTO employees (email, name, team) VALUES ('kim@acme.example', 'Kim', 'support') RETURNING id
        ),
        ticket AS (
            INSERT INTO tickets (tenant_id, customer_id, assignee_id, subject)
            SELECT customer.tenant_id, customer.id, employee.id, 'Ticket ' || n
            FROM customer, employee, generate_series(1, 5) n RETURNING id
        ),
        message AS (
            INSERT INTO messages (ticket_id, author, body, created_at)
            SELECT id, author, 'Hello', now() + age FROM ticket,
            (VALUES ('ann', interval '-2 hours'), ('kim', interval '-1 hour')) v (author, age)
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_open_tickets(parity_db, tenant):
    with Session(parity_db.engine) as session:
        tickets = app.open_tickets(session, tenant)
    assert [t["subject"] for t in tickets] == [f"Ticket {n}" for n in range(1, 6)]
    assert {(t["assignee"], t["preview"]) for t in tickets} == {("Kim", "kim: Hello")}
