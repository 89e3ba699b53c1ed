import app
import pytest
from sqlalchemy.orm import Session


@pytest.mark.prodparity
def test_vips_are_counted(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    before = db.execute("SELECT count(*) FROM customers WHERE segment = 'vip'").fetchone()[0]
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO customers (tenant_id, email, name, segment) "
        "SELECT %s, n || '@acme.example', 'Customer ' || n, CASE WHEN n < 4 THEN 'vip' ELSE 'new' END FROM generate_series(1, 5) n",
        (tenant,),
    )
    with Session(parity_db.engine) as session:
        assert app.Dashboard(session).tiles() == [("VIPs", before + 3)]
