import app
import pytest
from psycopg_pool import ConnectionPool


@pytest.fixture
def customers(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name, points)
            SELECT id, name || '@acme.example', name, 100 FROM tenant, unnest(ARRAY['ann', 'bob']) name RETURNING *
        )
        SELECT id FROM customer ORDER BY email
    """).fetchall()
    return [row[0] for row in rows]


@pytest.fixture
def pool(parity_db):
    with ConnectionPool(parity_db.dsn, min_size=2, max_size=2, timeout=3) as pool:
        pool.wait()
        yield pool


@pytest.mark.prodparity
def test_two_renames(pool, parity_race, customers):
    parity_race(lambda: app.rename(pool, customers[0], "Anna"), lambda: app.rename(pool, customers[1], "Bert"))
