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


@pytest.fixture(scope="class")
def pool():
    with app.open_pool() as pool:
        yield pool


class TestVisits:
    @pytest.mark.prodparity(faults="tolerate")
    def test_a_visit(self, parity_db, pool, customer):
        assert app.Visits(pool).note(customer) == 0
        query = "SELECT last_seen IS NOT NULL FROM customers WHERE id = %s"
        assert parity_db.owner.execute(query, (customer,)).fetchone() == (True,)
