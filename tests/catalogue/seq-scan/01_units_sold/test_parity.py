import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def product(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@example.org', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    product = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) VALUES (%s, 'MUG', 'Mug', 9) RETURNING id", (tenant,)
    ).fetchone()[0]
    for n, quantity in enumerate((5, 6)):
        order = db.execute(
            "INSERT INTO orders (tenant_id, customer_id, number) VALUES (%s, %s, %s) RETURNING id",
            (tenant, customer, f"ACME-{n}"),
        ).fetchone()[0]
        db.execute(
            "INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (%s, %s, %s, 9)",
            (order, product, quantity),
        )
    return product


@pytest.mark.prodparity
def test_popular_product_gets_a_badge(parity_db, product):
    with Session(parity_db.engine) as session:
        assert app.badge(session, product) == "popular"
