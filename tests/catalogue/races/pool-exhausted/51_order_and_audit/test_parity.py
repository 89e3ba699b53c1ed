import app
import pytest


@pytest.fixture
def orders(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, number, 99.90 FROM customer, unnest(ARRAY['ACME-1', 'ACME-2']) AS number RETURNING id
    """)
    return [row[0] for row in rows]


@pytest.fixture
def pool(parity_db):
    with app.make_pool(parity_db.dsn) as pool:
        yield pool


@pytest.mark.prodparity
def test_two_cancellations(parity_race, pool, orders):
    first, second = orders
    parity_race(lambda: app.cancel(pool, first, "Too late"), lambda: app.cancel(pool, second, "Too dear"))
