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
            INSERT INTO customers (tenant_id, email, name)
            SELECT id, n || '@acme.example', 'Customer ' || n FROM tenant, generate_series(1, 4) n RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, status, placed_at)
            SELECT tenant_id, id, 'ACME-' || id, 'paid', now() FROM customer
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_packing_list_names_the_customers(parity_db, tenant):
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    lines = app.packing_list(tenant, yesterday).splitlines()
    assert sorted(line.split(": ")[1] for line in lines) == [f"Customer {n}, DE" for n in range(1, 5)]
