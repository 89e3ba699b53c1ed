import app
import pytest


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
def points(parity_db):
    points = app.Points(parity_db.dsn)
    yield points
    points.stop()


@pytest.mark.prodparity
def test_an_award_and_a_refusal(points, parity_race, customers):
    parity_race(lambda: points.award(customers[0], 50), lambda: points.spend(customers[1], 500))
