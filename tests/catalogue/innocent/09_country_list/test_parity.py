import app
import pytest


@pytest.mark.prodparity
def test_countries(parity_db):
    parity_db.owner.execute("INSERT INTO countries VALUES ('QQ', 'Quuxland', 'EU'), ('QZ', 'Azquux', 'APAC')")
    assert ("QQ", "Quuxland") in app.choices()
    assert ("QZ", "Azquux") not in app.choices("EU")
    assert sorted(app.search("quux")) == ["QQ", "QZ"]
