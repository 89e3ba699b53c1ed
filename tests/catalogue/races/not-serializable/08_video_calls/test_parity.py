from datetime import UTC, datetime

import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, points)
            SELECT id, 'ann@acme.example', 'Ann', 100 FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


def at(hour, minute=0):
    return datetime(2026, 12, 1, hour, minute, tzinfo=UTC)


@pytest.mark.prodparity
def test_overlapping_calls(parity_db, parity_race, customer):
    parity_race(
        lambda: app.book(parity_db.engine, customer, at(10), at(11)),
        lambda: app.book(parity_db.engine, customer, at(10, 30), at(11, 30)),
    )
