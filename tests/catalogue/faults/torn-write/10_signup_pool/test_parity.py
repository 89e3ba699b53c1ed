import app
import pytest
from psycopg_pool import ConnectionPool


@pytest.fixture
def store(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    with ConnectionPool(parity_db.dsn, min_size=1, max_size=2, timeout=3) as pool:
        yield app.CustomerStore(pool, tenant)


ADDRESS = {"street": "Main 1", "city": "Ulm", "postcode": "89073", "country": "DE"}


@pytest.mark.prodparity
def test_a_customer_has_an_address(parity_db, store):
    customer = store.register("Ann@Acme.example", "Ann", ADDRESS)
    assert customer.email == "ann@acme.example"
    query = "SELECT city, kind FROM addresses WHERE customer_id = %s"
    assert parity_db.owner.execute(query, (customer.id,)).fetchall() == [("Ulm", "shipping")]
