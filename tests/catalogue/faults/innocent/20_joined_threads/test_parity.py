import app
import pytest
from psycopg_pool import ConnectionPool


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
def test_dashboard(parity_db, ticket):
    tenant = parity_db.owner.execute("SELECT tenant_id FROM tickets WHERE id = %s", (ticket,)).fetchone()[0]
    parity_db.owner.execute("INSERT INTO tags (tenant_id, name) VALUES (%s, 'bug'), (%s, 'late')", (tenant, tenant))
    with ConnectionPool(parity_db.dsn, min_size=1, max_size=3, timeout=3) as pool:
        assert app.dashboard(pool, tenant) == {"open tickets": 1, "tags": 2, "coupons": 0}
