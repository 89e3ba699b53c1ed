import app
import pytest
from django.db import close_old_connections, connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


@pytest.fixture
def pair(parity_db):
    """A product and a customer."""
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        product AS (
            INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'LAMP', 'Lamp', 20 FROM tenant RETURNING id
        ),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT product.id, customer.id FROM product, customer
    """).fetchone()


def request(function, *args):
    try:
        return function(*args)
    finally:
        connections.close_all()


@pytest.mark.prodparity
def test_the_button_is_pressed_twice(parity_race, pair):
    product, customer = pair
    parity_race(
        lambda: request(app.review, product, customer, 5, "It glows."),
        lambda: request(app.review, product, customer, 4, "It glows!"),
    )
