import app
import pytest


@pytest.fixture
def doctors(parity_db):
    rows = parity_db.owner.execute(
        "INSERT INTO employees (email, name, team) "
        "SELECT name || '@acme.example', name, 'on call' FROM unnest(ARRAY['kim', 'lee']) name RETURNING id"
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.prodparity
def test_both_sign_off(parity_db, parity_race, doctors):
    parity_race(
        lambda: app.sign_off(parity_db.dsn, doctors[0], "on call"),
        lambda: app.sign_off(parity_db.dsn, doctors[1], "on call"),
    )
