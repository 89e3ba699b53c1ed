import app
import pytest


@pytest.fixture
def customers(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, deleted_at) "
        "SELECT %s, n || '@acme.example', 'Customer', CASE WHEN n = 3 THEN now() END FROM generate_series(1, 3) n",
        (tenant,),
    )


@pytest.mark.prodparity
def test_deleted_customers_are_left_out(parity_db, customers, tmp_path):
    path = tmp_path / "customers.csv"
    with parity_db.connect() as conn:
        assert app.copy_customers(conn, path) == path.stat().st_size
    text = path.read_text()
    assert text.startswith("id,tenant_id,email,name,country\n")
    assert text.count("@acme.example") == 2
