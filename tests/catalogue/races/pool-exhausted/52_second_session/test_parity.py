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


@pytest.fixture
def engine(parity_db):
    engine = app.make_engine()
    yield engine
    engine.dispose()


@pytest.mark.prodparity
def test_two_subscriptions(parity_race, engine, customers):
    ann, bob = customers
    parity_race(lambda: app.subscribe(engine, ann), lambda: app.subscribe(engine, bob))
