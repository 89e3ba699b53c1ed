import app
import pytest


@pytest.fixture
def tree(parity_db):
    db = parity_db.owner
    parent = None
    for name in ("Home", "Kitchen", "Mugs"):
        parent = db.execute(
            "INSERT INTO categories (parent_id, name, slug) VALUES (%s, %s, %s) RETURNING id",
            (parent, name, f"acme-{name.lower()}"),
        ).fetchone()[0]


@pytest.mark.prodparity
def test_subtree(parity_db, tree):
    with parity_db.engine.connect() as conn:
        assert app.subtree(conn, "acme-home") == [(0, "Home"), (1, "Kitchen"), (2, "Mugs")]
