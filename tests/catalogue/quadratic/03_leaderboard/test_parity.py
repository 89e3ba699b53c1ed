import app
import psycopg2
import pytest


@pytest.fixture
def tenant(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, points) SELECT %s, name || '@acme.example', name, points "
        "FROM (VALUES ('Ann', 90001), ('Bob', 90003), ('Eve', 90001), ('Kim', 90000)) v (name, points)",
        (tenant,),
    )
    return tenant


@pytest.mark.prodparity
def test_ties_share_a_place(parity_db, tenant):
    conn = psycopg2.connect(parity_db.dsn)
    try:
        board = app.leaderboard(conn, limit=4)
    finally:
        conn.close()
    assert board == [(1, "Bob", 90003), (2, "Ann", 90001), (2, "Eve", 90001), (4, "Kim", 90000)]
