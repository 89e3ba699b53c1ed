import app
import pytest


@pytest.fixture
def tenant(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        SELECT id FROM tenant
    """).fetchone()[0]


@pytest.mark.prodparity
def test_the_page_says_thank_you(parity_db, tenant):
    assert app.confirm(parity_db.engine, tenant, "ann@acme.example") == "/newsletter/thank-you"


@pytest.mark.prodparity
def test_a_second_click_shows_the_same_page(parity_db, tenant):
    parity_db.owner.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES (%s, 'ann@acme.example', 'Ann')", (tenant,)
    )
    assert app.confirm(parity_db.engine, tenant, "ann@acme.example") == "/newsletter/thank-you"
