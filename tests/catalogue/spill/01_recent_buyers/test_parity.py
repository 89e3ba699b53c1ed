from datetime import UTC, datetime, timedelta

import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name)
            SELECT id, n || '@acme.example', '  ' || n FROM tenant, generate_series(1, 4) n RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, placed_at)
            SELECT tenant_id, id, 'ACME-' || name || n, now() - CASE WHEN name = '  4' THEN 2000 ELSE n END * interval '1 day'
            FROM customer, generate_series(1, 3) n
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_each_buyer_is_listed_once(parity_db, tenant):
    since = datetime.now(UTC) - timedelta(days=365)
    with Session(parity_db.engine) as session:
        names = [c.name for c in app.recent_buyers(session, since) if c.tenant_id == tenant]
    assert names == ["  1", "  2", "  3"]
