import app
import pytest
from sqlalchemy import create_engine


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
def engine(parity_db):
    parity_db.owner.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    engine = create_engine(parity_db.url, pool_size=1, max_overflow=1, pool_timeout=3)
    yield engine
    engine.dispose()


@pytest.mark.prodparity
def test_two_orders(engine, parity_race, customers):
    parity_race(lambda: app.place(engine, customers[0]), lambda: app.place(engine, customers[0]))
