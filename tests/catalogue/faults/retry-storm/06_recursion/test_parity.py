import app
import pytest


@pytest.fixture
def warehouse(parity_db):
    parity_db.owner.execute("INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING")
    parity_db.owner.execute("INSERT INTO warehouses (name, country) VALUES ('Acme North', 'DE')")


@pytest.mark.prodparity
async def test_newest_warehouse(parity_db, warehouse):
    assert await app.warehouse_for(parity_db.dsn, "DE") == "Acme North"
