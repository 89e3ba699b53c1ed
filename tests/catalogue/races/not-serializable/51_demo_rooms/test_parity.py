from datetime import UTC, datetime

import app
import pytest


@pytest.fixture
def customers(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO customers (tenant_id, email, name)
        SELECT tenant.id, who || '@acme.example', who FROM tenant, unnest(ARRAY['ann', 'bob']) AS who RETURNING id
    """)
    return [row[0] for row in rows]


def at(hour, minute=0):
    return datetime(2024, 5, 6, hour, minute, tzinfo=UTC)


@pytest.mark.prodparity
def test_two_bookings_that_overlap(parity_db, parity_race, customers):
    ann, bob = customers
    assert app.book(parity_db.dsn, 4, ann, at(8), at(9))
    parity_race(
        lambda: app.book(parity_db.dsn, 4, ann, at(9), at(10)),
        lambda: app.book(parity_db.dsn, 4, bob, at(9, 30), at(10, 30)),
    )
