import app
import pytest


@pytest.mark.prodparity
def test_the_same_new_category(parity_db, parity_race):
    parity_race(
        lambda: app.get_or_create(parity_db.engine, "Acme mugs"),
        lambda: app.get_or_create(parity_db.engine, "Acme mugs"),
    )
