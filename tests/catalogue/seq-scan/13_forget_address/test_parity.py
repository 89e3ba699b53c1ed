import app
import pytest


@pytest.fixture
def customer(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    customer = db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann') RETURNING id", (tenant,)
    ).fetchone()[0]
    for n in range(2):
        address = db.execute(
            "INSERT INTO addresses (customer_id, street, city, postcode, country) "
            "VALUES (%s, 'Am Markt 1', 'Bremen', '28195', 'DE') RETURNING id",
            (customer,),
        ).fetchone()[0]
        db.execute(
            "INSERT INTO orders (tenant_id, customer_id, address_id, number) VALUES (%s, %s, %s, %s)",
            (tenant, customer, address, f"ACME-{n}"),
        )
    return customer


@pytest.mark.prodparity
def test_addresses_are_gone_and_orders_stay(parity_db, customer):
    assert app.forget_addresses(parity_db.engine, customer) == 2
    orders = parity_db.owner.execute("SELECT address_id FROM orders WHERE customer_id = %s", (customer,)).fetchall()
    assert orders == [(None,), (None,)]
