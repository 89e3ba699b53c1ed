import app
import pytest


@pytest.fixture
def customer(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    db.execute(
        "INSERT INTO tickets (tenant_id, customer_id, subject, status) VALUES "
        "(%(t)s, %(c)s, 'Broken', 'open'), (%(t)s, %(c)s, 'Thanks', 'closed')",
        {"t": tenant, "c": customer},
    )
    return customer


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_closed_tickets_are_hidden(parity_db, customer):
    assert [t["subject"] for t in await app.my_tickets(customer)] == ["Broken"]
    everything = await app.my_tickets(customer, include_closed=True)
    assert {t["subject"] for t in everything} == {"Broken", "Thanks"}
