import app
import pytest


@pytest.fixture
def flag(parity_db):
    parity_db.owner.execute("INSERT INTO feature_flags (name, enabled, percentage) VALUES ('acme-checkout', true, 100)")
    return "acme-checkout"


@pytest.mark.prodparity
def test_flag_is_on_for_everybody(flag):
    assert app.is_enabled(flag, 1)
    assert app.is_enabled(flag, 2)


@pytest.mark.prodparity
def test_unknown_flag():
    assert not app.is_enabled("acme-unknown", 1)
