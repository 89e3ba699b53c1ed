import app
import pytest
from psycopg.types.json import Jsonb


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_welcome_points(parity_db, customer):
    job = parity_db.owner.execute(
        "INSERT INTO jobs (queue, payload) VALUES ('acme-welcome', %s) RETURNING id",
        (Jsonb({"kind": "welcome", "customer": customer}),),
    ).fetchone()[0]
    app.run_all(parity_db.dsn, "acme-welcome")
    assert parity_db.owner.execute("SELECT status FROM jobs WHERE id = %s", (job,)).fetchone() == ("done",)
