import app
import pytest


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, placed_at)
            SELECT tenant_id, id, 'ACME-' || n, now() - n / 2 * interval '1 day' FROM customer, generate_series(1, 14) n
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_every_order_is_on_one_page(parity_db, customer):
    with parity_db.engine.connect() as conn:
        pages = list(app.history(conn, customer, size=4))
    assert [len(page) for page in pages] == [4, 4, 4, 2]
    assert len({number for page in pages for number in page}) == 14
