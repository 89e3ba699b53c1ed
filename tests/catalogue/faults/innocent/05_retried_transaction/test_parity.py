import app
import pytest


@pytest.fixture
def pair(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO customers (tenant_id, email, name, points)
        SELECT tenant.id, who || '@acme.example', who, 100 FROM tenant, unnest(ARRAY['ann', 'bob']) AS who RETURNING id
    """)
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_points_move(parity_db, pair):
    app.give(parity_db.engine, *pair, 30)
    with pytest.raises(app.NotEnough):
        app.give(parity_db.engine, *pair, 71)
    rows = parity_db.owner.execute("SELECT points FROM customers WHERE id = ANY(%s) ORDER BY id", (pair,)).fetchall()
    assert rows == [(70,), (130,)]
