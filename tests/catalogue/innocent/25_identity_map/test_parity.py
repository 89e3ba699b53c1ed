from decimal import Decimal

import app
import pytest
from sqlalchemy.orm import Session


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'Product ' || n, n FROM generate_series(1, 4) n RETURNING id",
        (tenant,),
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_total(parity_db, products):
    with Session(parity_db.engine) as session:
        quote = app.Quote(session)
        for product in products * 5:
            quote.add(product, 2)
        assert quote.total() == Decimal(100)
