import app
import pytest


@pytest.fixture
def data(parity_db):
    parity_db.owner.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    return app.MasterData(parity_db.dsn)


@pytest.mark.prodparity
def test_master_data(parity_db, data):
    warehouse = data.add_warehouse("Acme East", "DE")
    category = data.add_category("Acme Mugs")
    assert parity_db.owner.execute("SELECT name FROM warehouses WHERE id = %s", (warehouse,)).fetchone() == (
        "Acme East",
    )
    assert parity_db.owner.execute("SELECT slug FROM categories WHERE id = %s", (category,)).fetchone() == (
        "acme-mugs",
    )
