import app
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


@pytest.fixture
def orders(parity_db):
    rows = parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number)
            SELECT tenant_id, id, 'ACME-' || n FROM customer, generate_series(1, 5) n RETURNING id
        ),
        item AS (
            INSERT INTO order_items (order_id, product_id, quantity, price)
            SELECT placed.id, product.id, 2, 9 FROM placed, product, generate_series(1, 2)
        )
        SELECT id FROM placed
    """).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
@pytest.mark.asyncio
async def test_details(parity_db, orders):
    engine = create_async_engine(parity_db.async_url)
    async with AsyncSession(engine) as session:
        found = await app.details(session, orders)
    await engine.dispose()
    assert found == {f"ACME-{n}": ["2 x Mug", "2 x Mug"] for n in range(1, 6)}
