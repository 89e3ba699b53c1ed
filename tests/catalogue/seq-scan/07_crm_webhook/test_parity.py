import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def ann(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    return db.execute(
        "INSERT INTO customers (tenant_id, email, name, profile) "
        """VALUES (%s, 'ann@acme.example', 'Ann', '{"crm_id": "0031x00", "locale": "de"}') RETURNING id""",
        (tenant,),
    ).fetchone()[0]


@pytest.mark.prodparity
def test_update_reaches_our_customer(parity_db, ann):
    event = {"contact": {"id": "0031x00", "name": "Ann Berg", "phone": "+4930"}}
    with Session(parity_db.engine) as session:
        assert app.handle(session, event) == ann
    row = parity_db.owner.execute("SELECT name, phone FROM customers WHERE id = %s", (ann,)).fetchone()
    assert row == ("Ann Berg", "+4930")


@pytest.mark.prodparity
def test_unknown_contact(parity_db, ann):
    with Session(parity_db.engine) as session, pytest.raises(app.UnknownContact):
        app.handle(session, {"contact": {"id": "0031x99", "name": "?"}})
