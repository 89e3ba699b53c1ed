import app
import pytest


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
def test_points_become_a_coupon(parity_db, customer):
    parity_db.owner.execute("UPDATE customers SET points = 300 WHERE id = %s", (customer,))
    code = app.redeem(customer, 10)
    assert parity_db.owner.execute("SELECT points FROM customers WHERE id = %s", (customer,)).fetchone() == (50,)
    assert parity_db.owner.execute("SELECT percent FROM coupons WHERE code = %s", (code,)).fetchone() == (10,)


@pytest.mark.prodparity
def test_too_few_points(parity_db, customer):
    with pytest.raises(app.NotEnoughPoints):
        app.redeem(customer, 20)
    assert parity_db.owner.execute("SELECT points FROM customers WHERE id = %s", (customer,)).fetchone() == (0,)
