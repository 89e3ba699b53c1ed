import app
import pytest


@pytest.mark.prodparity
def test_health(parity_db):
    before = app.health()
    parity_db.owner.execute("INSERT INTO feature_flags VALUES ('acme_a', true, 100), ('acme_b', false, 50)")
    after = app.health()
    assert after["flags"] - before["flags"] == 2
    assert after["enabled"] - before["enabled"] == 1
    assert "acme_b" in after["partial"]
