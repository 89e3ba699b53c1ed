import app
import pytest


@pytest.fixture
def customers(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name) VALUES "
        "(%(t)s, 'q@acme.example', 'Quincy Xylander'), (%(t)s, 'z@acme.example', 'Zoe Zwick')",
        {"t": tenant},
    )


@pytest.mark.prodparity
def test_search_within_names(parity_db, customers):
    assert app.search("cy xylan") == ["Quincy Xylander <q@acme.example>"]
