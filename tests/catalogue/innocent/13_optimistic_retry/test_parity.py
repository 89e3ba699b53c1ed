import app
import pytest


@pytest.fixture
def ann(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    return db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]


@pytest.mark.prodparity
def test_lost_races_are_run_again(parity_db, ann):
    rivals = iter(range(3))

    def interfere():
        if next(rivals, None) is not None:
            parity_db.owner.execute("UPDATE customers SET points = points + 100 WHERE id = %s", (ann,))

    with parity_db.connect() as conn:
        assert app.add_points(conn, ann, 5, interfere) == 305
