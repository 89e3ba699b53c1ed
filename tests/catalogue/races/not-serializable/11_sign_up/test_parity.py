import app
import pytest


@pytest.fixture
def tenant(parity_db):
    parity_db.owner.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    return parity_db.owner.execute(
        "INSERT INTO tenants (slug, name, seats) VALUES ('acme', 'Acme', 2) RETURNING id"
    ).fetchone()[0]


@pytest.mark.prodparity
def test_double_click(parity_db, parity_race, tenant):
    parity_race(
        lambda: app.sign_up(parity_db.engine, tenant, "ann@acme.example", "Ann"),
        lambda: app.sign_up(parity_db.engine, tenant, "ann@acme.example", "Ann"),
    )
