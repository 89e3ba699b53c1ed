import app
import pytest


@pytest.mark.prodparity
def test_maintenance_is_switched_on(parity_db):
    assert app.set_flag("acme-maintenance", True) is False
    row = parity_db.owner.execute("SELECT enabled FROM feature_flags WHERE name = 'acme-maintenance'").fetchone()
    assert row == (True,)
