import app
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING)
        INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_the_form_is_sent_twice(parity_db, parity_race, tenant):
    parity_race(
        lambda: app.register(parity_db.engine, tenant, "ann@acme.example", "Ann"),
        lambda: app.register(parity_db.engine, tenant, "Ann@acme.example", "Ann"),
    )
