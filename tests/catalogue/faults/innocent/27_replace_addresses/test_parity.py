import app
import pytest
from sqlalchemy.orm import Session


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


HOME = {"street": "Main 1", "city": "Ulm", "postcode": "89073", "country": "DE"}
WORK = {"street": "Park 2", "city": "Ulm", "postcode": "89075", "country": "DE"}


@pytest.mark.prodparity(allow=["seq-scan"])
def test_the_list_replaces_what_was_there(parity_db, customer):
    parity_db.owner.execute(
        "INSERT INTO addresses (customer_id, street, city, postcode, country) VALUES (%s, 'Old 9', 'Bonn', '53111', 'DE')",
        (customer,),
    )
    with Session(parity_db.engine) as session:
        app.replace_addresses(session, customer, [HOME, WORK])
    rows = parity_db.owner.execute(
        "SELECT street FROM addresses WHERE customer_id = %s ORDER BY street", (customer,)
    ).fetchall()
    assert rows == [("Main 1",), ("Park 2",)]
