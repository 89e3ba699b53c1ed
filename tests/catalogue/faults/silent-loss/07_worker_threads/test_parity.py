import app
import pytest
from sqlalchemy.orm import sessionmaker


@pytest.fixture
def category(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    category = db.execute("INSERT INTO categories (name, slug) VALUES ('Mugs', 'acme-mugs') RETURNING id").fetchone()[0]
    db.execute(
        "INSERT INTO products (tenant_id, category_id, sku, name, price) VALUES (%s, %s, 'M-1', 'Mug', 10)",
        (tenant, category),
    )
    return category


@pytest.mark.prodparity
def test_discount_runs(parity_db, category):
    app.discount(sessionmaker(parity_db.engine), [category], 10)
    with pytest.raises(ValueError):
        app.discount(sessionmaker(parity_db.engine), [category], 0)
