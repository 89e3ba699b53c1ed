import app
import pytest


@pytest.fixture
def products(parity_db):
    db = parity_db.owner
    db.execute("INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING")
    tenant = db.execute("INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id").fetchone()[0]
    rows = db.execute(
        "INSERT INTO products (tenant_id, sku, name, price) "
        "SELECT %s, 'SKU-' || n, 'product ' || n, n FROM generate_series(1, 7) n RETURNING id",
        (tenant,),
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_cards_keep_the_recommended_order(parity_db, products):
    wanted = products[::-1]
    assert [card.id for card in app.cards([*wanted, products[-1] + 1])] == wanted
