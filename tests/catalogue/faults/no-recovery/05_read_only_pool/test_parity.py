import app
import pytest


@pytest.mark.prodparity
def test_maintenance_on_and_off(parity_db):
    assert app.set_flag("acme-maintenance", True) is False
    assert app.set_flag("acme-maintenance", False) is True
    row = parity_db.owner.execute("SELECT enabled FROM feature_flags WHERE name = 'acme-maintenance'").fetchone()
    assert row == (False,)
