import app
import pytest


@pytest.fixture
def orders(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number)
        SELECT tenant_id, id, 'ACME-' || n FROM customer, generate_series(1, 7) n RETURNING id
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_every_order_is_fed_once(parity_db, orders):
    size = max(2, parity_db.owner.execute("SELECT count(*) FROM orders").fetchone()[0] // 4)
    seen = []
    with parity_db.connect() as conn:
        count = app.feed(conn, lambda batch: seen.extend(row["id"] for row in batch), size=size)
    assert count == len(seen) == len(set(seen))
    assert set(orders) <= set(seen)
