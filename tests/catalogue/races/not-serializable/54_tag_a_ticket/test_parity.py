import app
import pytest


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
        SELECT tenant_id, id, subject FROM customer, unnest(ARRAY['Broken', 'Late']) AS subject
        RETURNING tenant_id, id
    """)
    return list(rows)


@pytest.mark.prodparity
def test_a_new_tag_on_two_tickets(parity_db, parity_race, tickets):
    (tenant, first), (_, second) = tickets
    parity_race(
        lambda: app.tag(parity_db.dsn, tenant, first, "bug"),
        lambda: app.tag(parity_db.dsn, tenant, second, "bug"),
    )
