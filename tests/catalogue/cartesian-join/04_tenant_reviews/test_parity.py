import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING id
        ),
        product AS (INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'MUG', 'Mug', 9 FROM tenant RETURNING id),
        review AS (
            INSERT INTO reviews (product_id, customer_id, stars, created_at)
            SELECT product.id, customer.id, 3, now() + n * interval '1 minute' FROM product, customer, generate_series(1, 10) n
        )
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_average_of_the_latest(parity_db, tenant):
    with Session(parity_db.engine) as session:
        assert app.average(session, tenant) == 3.0
