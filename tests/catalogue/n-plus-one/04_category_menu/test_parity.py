import app
import pytest


@pytest.fixture
def kitchen(parity_db):
    parity_db.owner.execute("""
        WITH currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        kitchen AS (INSERT INTO categories (name, slug) VALUES ('Kitchen', 'acme-kitchen') RETURNING id),
        child AS (
            INSERT INTO categories (parent_id, name, slug)
            SELECT id, name, 'acme-' || lower(name) FROM kitchen, unnest(ARRAY['Mugs', 'Plates', 'Pots', 'Trays']) name
            RETURNING id, name
        )
        INSERT INTO products (tenant_id, category_id, sku, name, price, active)
        SELECT tenant.id, child.id, child.name || n, 'Product', 9, n < 3 FROM tenant, child, generate_series(1, 3) n
        WHERE child.name <> 'Trays'
    """)


@pytest.mark.prodparity
def test_menu_counts_active_products(parity_db, kitchen):
    assert app.menu("acme-kitchen") == [("Mugs", 2), ("Plates", 2), ("Pots", 2), ("Trays", 0)]
