import datetime as dt

import app
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, placed_at)
            SELECT tenant_id, id, 'ACME-' || n, current_date - 2 + interval '12 hours' FROM customer, generate_series(1, 4) n
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_quiet_days_are_zero(parity_db, tenant):
    today = parity_db.owner.execute("SELECT current_date").fetchone()[0]
    with parity_db.connect() as conn:
        chart = app.chart(conn, tenant, today - dt.timedelta(days=6), today)
    assert len(chart) == 7
    assert chart.pop(today - dt.timedelta(days=2)) == {"EUR": 4, "USD": 0}
    assert all(day == {"EUR": 0, "USD": 0} for day in chart.values())
