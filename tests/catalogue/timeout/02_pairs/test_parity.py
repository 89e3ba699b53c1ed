import app
import asyncpg
import pytest


@pytest.fixture
def products(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price)
            SELECT id, 'P' || n, 'Mug', 9 FROM tenant, generate_series(1, 2) n RETURNING id
        ),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-' || n FROM customer, generate_series(1, 60) n RETURNING id
        ),
        item AS (
            INSERT INTO order_items (order_id, product_id, quantity, price)
            SELECT placed.id, product.id, 1, 9 FROM placed, product
        )
        SELECT id FROM product ORDER BY id
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_most_frequent_pair(parity_db, products):
    conn = await asyncpg.connect(parity_db.dsn)
    try:
        assert app.Pair(*products, 60) in await app.bought_together(conn)
    finally:
        await conn.close()
