import app
import pytest


@pytest.fixture
def subscribers(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, newsletter) "
        "SELECT %s, n || '@acme.example', 'Customer ' || n, n <= 3 FROM generate_series(1, 4) n",
        (tenant,),
    )


@pytest.mark.prodparity
def test_only_subscribers_get_the_newsletter(parity_db, subscribers):
    outbox = {}
    app.send_all(outbox.__setitem__, "Dear {name}")
    mine = {address: text for address, text in outbox.items() if address.endswith("@acme.example")}
    assert mine == {f"{n}@acme.example": f"Dear Customer {n}" for n in (1, 2, 3)}
