import app
import pytest


@pytest.fixture
def ann(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    return db.execute(
        "INSERT INTO customers (tenant_id, email, name, phone) VALUES (%s, 'Ann@Acme.example', 'Ann', '+49123') RETURNING id",
        (tenant,),
    ).fetchone()[0]


@pytest.mark.prodparity
def test_search_ignores_case(parity_db, ann):
    with parity_db.connect() as conn:
        assert app.describe(conn, "ann@acme.EXAMPLE") == f"#{ann} Ann <Ann@Acme.example>, +49123"


@pytest.mark.prodparity
def test_unknown_address(parity_db):
    with parity_db.connect() as conn:
        assert app.describe(conn, "nobody@acme.example").startswith("No account")
