import app
import pytest


@pytest.mark.prodparity
def test_switch_on(parity_db):
    app.switch("acme-search", True, 20)
    row = parity_db.owner.execute("SELECT enabled, percentage FROM feature_flags WHERE name = 'acme-search'").fetchone()
    assert row == (True, 20)


@pytest.mark.prodparity
@pytest.mark.parametrize("percentage", [-1, 101])
def test_shares_are_checked(parity_db, percentage):
    with pytest.raises(ValueError):
        app.switch("acme-search", True, percentage)
