import app
import pytest
from django.db import close_old_connections, connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.fixture
def ids(parity_db):
    """A product and two customers."""
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'LAMP', 'Lamp', 20 FROM tenant RETURNING id
        ),
        customer AS (
            INSERT INTO customers (tenant_id, email, name)
            SELECT tenant.id, who || '@acme.example', who FROM tenant, unnest(ARRAY['ann', 'bob']) AS who RETURNING id
        )
        SELECT product.id, min(customer.id), max(customer.id) FROM product, customer GROUP BY 1
    """).fetchone()


def request(function, *args):
    try:
        return function(*args)
    finally:
        connections.close_all()


@pytest.mark.prodparity
def test_two_reviews(parity_race, ids):
    product, ann, bob = ids
    parity_race(
        lambda: request(app.add_review, product, ann, 5),
        lambda: request(app.add_review, product, bob, 2),
    )
